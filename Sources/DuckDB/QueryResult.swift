import CDuckDB

/// The result of one statement: its columns, and its rows, read once from first to last.
///
/// The rows are computed while they are read, in chunks of up to 2,048, so that a large result never exists as a whole.
/// Until the last chunk is read or the result is gone, its statement runs: outside a transaction it holds one open, and
/// the next statement on the connection ends it, after which ``nextChunk()`` throws.
package final class QueryResult {
    /// The name and the type of a column.
    package struct Column: Sendable, Hashable {
        /// The name, from the query's `AS` or made up by DuckDB; it need not be unique.
        package let name: String
        /// The type of its values.
        package let type: LogicalType

        /// Creates a description of a column.
        package init(name: String, type: LogicalType) {
            self.name = name
            self.type = type
        }
    }

    /// The columns, from left to right.
    package let columns: [Column]
    /// The number of rows that an INSERT, UPDATE or DELETE changed; 0 for other statements.
    package let rowsChanged: Int

    /// The most rows that ``rows()`` gives.
    package static let maximumRowCount = 100_000

    private var result: duckdb_result
    private var isAtEnd = false
    // The result must not outlive its statement, nor its connection.
    private let statement: PreparedStatement

    init(_ result: duckdb_result, of statement: PreparedStatement) {
        var result = result
        columns = (0..<duckdb_column_count(&result)).map { index in
            Column(
                name: String(cString: duckdb_column_name(&result, index)),
                type: LogicalType(consuming: duckdb_column_logical_type(&result, index))
            )
        }
        let changesRows = duckdb_result_return_type(result) == DUCKDB_RESULT_TYPE_CHANGED_ROWS
        rowsChanged = changesRows ? Int(duckdb_rows_changed(&result)) : 0
        self.result = result
        self.statement = statement
    }

    deinit {
        duckdb_destroy_result(&result)
    }

    /// The next rows, or nil after the last.
    package func nextChunk() throws(DuckDBError) -> DataChunk? {
        // DuckDB takes a question after the last chunk for a mistake.
        guard !isAtEnd else { return nil }
        if let chunk = duckdb_fetch_chunk(result) {
            let chunk = DataChunk(consuming: chunk, columns: columns)
            if chunk.count > 0 { return chunk }
        } else if let message = duckdb_result_error(&result) {
            throw DuckDBError(message: message, sql: statement.sql)
        }
        isAtEnd = true
        return nil
    }

    /// All rows that are left, for results known to be small.
    ///
    /// - Throws: When there are more than ``maximumRowCount``, or a value is of a type that ``SQLValue`` does not have.
    package func rows() throws(DuckDBError) -> [[SQLValue]] {
        var rows: [[SQLValue]] = []
        while let chunk = try nextChunk() {
            guard rows.count + chunk.count <= Self.maximumRowCount else {
                let message = "Invalid Input Error: more than \(Self.maximumRowCount) rows"
                throw DuckDBError(.invalidInput, message, sql: statement.sql)
            }
            for row in 0..<chunk.count {
                var values: [SQLValue] = []
                for column in columns.indices {
                    values.append(try chunk[column].value(row))
                }
                rows.append(values)
            }
        }
        return rows
    }

    /// The first value of the next row, or nil when no row is left.
    ///
    /// - Throws: When the value is of a type that ``SQLValue`` does not have.
    package func scalar() throws(DuckDBError) -> SQLValue? {
        try nextChunk()?[0].value(0)
    }
}

// Explicit non-conformance to Sendable: bound to its connection's thread.
@available(*, unavailable)
extension QueryResult: Sendable {}
