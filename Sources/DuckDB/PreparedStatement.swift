import CDuckDB

/// A statement that is parsed and planned once and executed many times.
package final class PreparedStatement {
    /// The statement's text.
    package let sql: String
    private let handle: duckdb_prepared_statement
    // The statement must not outlive its connection.
    private let connection: Connection

    init(_ sql: String, on connection: Connection) throws(DuckDBError) {
        try sql.checkForNUL(sql: sql)
        var handle: duckdb_prepared_statement?
        guard duckdb_prepare(connection.handle, sql, &handle) == DuckDBSuccess, let prepared = handle else {
            defer { duckdb_destroy_prepare(&handle) }
            throw DuckDBError(message: duckdb_prepare_error(handle), sql: sql)
        }
        self.sql = sql
        self.handle = prepared
        self.connection = connection
    }

    deinit {
        var handle: duckdb_prepared_statement? = handle
        duckdb_destroy_prepare(&handle)
    }

    /// The number of values that an execution takes.
    package var parameterCount: Int {
        Int(duckdb_nparams(handle))
    }

    /// The columns that an execution gives; what depends on the values of parameters has no type yet
    /// (``LogicalType/isUnknown``).
    package var columns: [QueryResult.Column] {
        (0..<duckdb_prepared_statement_column_count(handle)).map { index in
            let name = duckdb_prepared_statement_column_name(handle, index)
            defer { duckdb_free(UnsafeMutableRawPointer(mutating: name)) }
            return QueryResult.Column(
                name: name.map { String(cString: $0) } ?? "",
                type: LogicalType(consuming: duckdb_prepared_statement_column_logical_type(handle, index))
            )
        }
    }

    /// Executes the statement.
    ///
    /// A query's rows are computed while they are read. The next statement on the connection ends the reading.
    ///
    /// - Parameter parameters: The values for the parameters, in order.
    package func query(_ parameters: [SQLValue] = []) throws(DuckDBError) -> QueryResult {
        guard parameters.count == parameterCount else {
            let message = "Invalid Input Error: \(parameters.count) values for \(parameterCount) parameters"
            throw DuckDBError(.invalidInput, message, sql: sql)
        }
        for (index, parameter) in parameters.enumerated() {
            let state = parameter.withDuckDBValue { duckdb_bind_value(handle, idx_t(index + 1), $0) }
            guard state == DuckDBSuccess else {
                throw DuckDBError(message: duckdb_prepare_error(handle), sql: sql)
            }
        }
        // The one call that streams: the header announces its removal and names no successor yet.
        var result = duckdb_result()
        guard duckdb_execute_prepared_streaming(handle, &result) == DuckDBSuccess else {
            defer { duckdb_destroy_result(&result) }
            throw DuckDBError(message: duckdb_result_error(&result), sql: sql)
        }
        return QueryResult(result, of: self)
    }
}

// Explicit non-conformance to Sendable: bound to its connection's thread.
@available(*, unavailable)
extension PreparedStatement: Sendable {}
