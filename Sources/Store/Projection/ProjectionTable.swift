import DuckDB
import Foundation
import Inventory
import Schema

/// The table of one kind: a column a field, then the version and the sealed secrets of each resource.
struct ProjectionTable: Sendable {
    let kind: Kind
    let columns: [ColumnType.Column]

    /// Sequence number of a resource's last change.
    static let versionColumn = "_version"
    /// Sealed secrets by JSON pointer.
    static let secretsColumn = "_secrets"

    static let all = Kind.allCases.map(ProjectionTable.init)

    static func of(_ kind: Kind) -> ProjectionTable {
        guard let table = all.first(where: { $0.kind == kind }) else { preconditionFailure("every kind has a table") }
        return table
    }

    private init(kind: Kind) {
        self.kind = kind
        columns = ColumnType.columns(of: kind.schema)
    }

    /// The table's name in SQL.
    var name: String { kind.rawValue.quotedIdentifier }

    /// The identifier's column in SQL.
    var identifier: String { kind.identifierKey.quotedIdentifier }

    /// All columns in SQL, in order, by name and type.
    var definitions: [(name: String, type: String)] {
        columns.map { ($0.name.quotedIdentifier, $0.type.sql) } + [
            (Self.versionColumn, "UBIGINT"), (Self.secretsColumn, "MAP(VARCHAR, VARCHAR)"),
        ]
    }

    var createStatement: String { Self.createStatement(name, definitions) }

    /// The table of what a snapshot has in a kind's own file, without sealed secrets.
    var exportStatement: String { Self.createStatement(name, definitions.dropLast()) }

    private static func createStatement(
        _ name: String,
        _ definitions: some Sequence<(name: String, type: String)>
    ) -> String {
        "CREATE TABLE \(name)(\(definitions.map { "\($0.name) \($0.type)" }.joined(separator: ", ")));"
    }

    /// As ``createStatement``, for a connection of its own.
    var createTemporaryStatement: String {
        createStatement.replacing("CREATE TABLE", with: "CREATE TEMP TABLE", maxReplacements: 1)
    }

    /// Where the identifiers of rows stand that are about to be removed.
    static let removalTable = "removed"

    static var createRemovalStatement: String { "CREATE TEMP TABLE \(removalTable)(id VARCHAR);" }

    /// Removes the rows whose identifiers stand in ``removalTable``, and clears that.
    var removalStatements: String {
        """
        DELETE FROM \(name) WHERE \(identifier) IN (SELECT id FROM \(Self.removalTable));
        DELETE FROM \(Self.removalTable);
        """
    }
}

extension ProjectionTable {
    /// Rows of a row group in a Parquet file: enough for columns to pack well, few enough for a start to keep every
    /// processor busy, since DuckDB reads a row group by one thread.
    private static let rowGroupSize = 40_960

    /// Writes the table to a Parquet file, without the sealed secrets, ordered by id so that equal rows give equal files.
    func copyStatement(to file: URL) -> String {
        copyStatement("SELECT * EXCLUDE (\(Self.secretsColumn)) FROM \(name)", to: file)
    }

    /// Writes the sealed secrets of the table to a Parquet file.
    func copySecretsStatement(to file: URL) -> String {
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
    var loadStatement: String {
        "COPY \(name) FROM \(Snapshot.fileName(of: kind).quotedLiteral) (FORMAT parquet);"
    }
}
