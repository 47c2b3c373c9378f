import CDuckDB
package import Foundation

/// Adds many rows to a table, several times as fast as INSERT.
///
/// Values are appended from the first column to the last, then the row is ended. Rows reach the table when DuckDB sees
/// fit, at ``flush()`` and at ``close()``; those that have not when the appender goes away are discarded. After an
/// error it is of no more use.
package final class Appender {
    private let handle: duckdb_appender
    // The appender must not outlive its connection.
    private let connection: Connection

    /// Creates an appender to an existing table.
    ///
    /// - Parameters:
    ///   - connection: The connection, whose transaction the rows become part of.
    ///   - catalog: The catalog, nil for those in use.
    ///   - schema: The schema, nil for the one in use.
    ///   - table: The table's name, not quoted.
    package init(
        _ connection: Connection,
        catalog: String? = nil,
        schema: String? = nil,
        table: String
    ) throws(DuckDBError) {
        try catalog?.checkForNUL()
        try schema?.checkForNUL()
        try table.checkForNUL()
        var handle: duckdb_appender?
        let state = duckdb_appender_create_ext(connection.handle, catalog, schema, table, &handle)
        guard state == DuckDBSuccess, let appender = handle else {
            defer { duckdb_appender_destroy(&handle) }
            throw Self.error(of: handle)
        }
        self.handle = appender
        self.connection = connection
    }

    deinit {
        // Destroying alone would flush. Both calls repeat an error that has been thrown, if any.
        var handle: duckdb_appender? = handle
        duckdb_appender_clear(handle)
        duckdb_appender_destroy(&handle)
    }

    /// Appends a value to the row.
    package func append(_ value: SQLValue) throws(DuckDBError) {
        try check(value.withDuckDBValue { duckdb_append_value(handle, $0) })
    }

    /// Appends NULL to the row.
    package func appendNull() throws(DuckDBError) {
        try check(duckdb_append_null(handle))
    }

    /// Appends an integer to the row.
    package func append(_ value: Int64) throws(DuckDBError) {
        try check(duckdb_append_int64(handle, value))
    }

    /// Appends a UUID to the row.
    package func append(_ value: UUID) throws(DuckDBError) {
        try append(.uuid(value))
    }

    /// Appends a text to the row.
    package func append(_ text: String) throws(DuckDBError) {
        var text = text
        try check(text.withUTF8 { append(utf8: UnsafeRawBufferPointer($0)) })
    }

    /// Appends a text to the row.
    ///
    /// - Parameter text: Valid UTF-8, copied.
    package func append(text: UnsafeRawBufferPointer) throws(DuckDBError) {
        try check(append(utf8: text))
    }

    /// A chunk for rows of the table, without any.
    package func makeChunk() -> RowChunk {
        var types = (0..<duckdb_appender_column_count(handle)).map { duckdb_appender_column_type(handle, $0) }
        defer {
            for index in types.indices { duckdb_destroy_logical_type(&types[index]) }
        }
        return RowChunk(types)
    }

    /// Appends whole rows.
    package func append(_ chunk: RowChunk) throws(DuckDBError) {
        try check(duckdb_append_data_chunk(handle, chunk.handle))
    }

    /// Ends the row.
    ///
    /// - Throws: When values are missing.
    package func endRow() throws(DuckDBError) {
        try check(duckdb_appender_end_row(handle))
    }

    /// Moves all ended rows to the table.
    ///
    /// - Throws: When a row violates a constraint.
    package func flush() throws(DuckDBError) {
        try check(duckdb_appender_flush(handle))
    }

    /// Moves all ended rows to the table and ends the appending.
    ///
    /// - Throws: When a row violates a constraint.
    package func close() throws(DuckDBError) {
        try check(duckdb_appender_close(handle))
    }

    private func append(utf8: UnsafeRawBufferPointer) -> duckdb_state {
        // Without bytes there may be no address, which DuckDB does not take.
        guard let start = utf8.baseAddress else { return duckdb_append_varchar_length(handle, "", 0) }
        return duckdb_append_varchar_length(
            handle,
            start.assumingMemoryBound(to: CChar.self),
            idx_t(utf8.count)
        )
    }

    private func check(_ state: duckdb_state) throws(DuckDBError) {
        guard state == DuckDBSuccess else { throw Self.error(of: handle) }
    }

    private static func error(of handle: duckdb_appender?) -> DuckDBError {
        var error = duckdb_appender_error_data(handle)
        defer { duckdb_destroy_error_data(&error) }
        // Messages of an appender do not tell the kind.
        let kind = DuckDBError.Kind(duckdb_error_data_error_type(error))
        return DuckDBError(kind, String(cString: duckdb_error_data_message(error)))
    }
}

// Explicit non-conformance to Sendable: bound to its connection's thread.
@available(*, unavailable)
extension Appender: Sendable {}
