import DuckDB
package import Foundation

extension ResourceTable {
    /// Rows of a row group in a Parquet file: enough for columns to pack well, few enough for a start to keep every
    /// processor busy, since DuckDB reads a row group by one thread.
    private static let rowGroupSize = 40_960

    /// Writes the table to a Parquet file, without the sealed secrets, ordered by id so that equal rows give equal files.
    package func copyStatement(to file: URL) -> String {
        copyStatement("SELECT * EXCLUDE (\(Self.secretsColumn)) FROM \(name)", to: file)
    }

    /// Writes the sealed secrets of the table to a Parquet file.
    package func copySecretsStatement(to file: URL) -> String {
        let selection = "SELECT \(identifier), \(Self.secretsColumn) FROM \(name)"
        return copyStatement("\(selection) WHERE cardinality(\(Self.secretsColumn)) > 0", to: file)
    }

    private func copyStatement(_ selection: String, to file: URL) -> String {
        """
        COPY (\(selection) ORDER BY \(identifier)) TO \(file.path.quotedLiteral) \
        (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE \(Self.rowGroupSize));
        """
    }

    /// Reads the Parquet file of a snapshot back, as `IMPORT DATABASE` of the DuckDB shell does.
    package var loadStatement: String {
        "COPY \(name) FROM \(Snapshot.fileName(of: kind).quotedLiteral) (FORMAT parquet);"
    }
}
