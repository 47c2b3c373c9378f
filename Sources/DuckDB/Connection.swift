import CDuckDB

/// A connection to a database: one transaction, and one statement, at a time.
package final class Connection {
    /// Stops the running statement from another thread.
    package let interruptHandle: InterruptHandle

    var handle: duckdb_connection { interruptHandle.connection }

    init(to database: Database) throws(DuckDBError) {
        interruptHandle = try InterruptHandle(connectingTo: database)
    }

    /// Executes any number of statements and discards their results.
    ///
    /// - Throws: At the first statement that fails; those before it stay done.
    package func execute(_ sql: String) throws(DuckDBError) {
        try sql.checkForNUL(sql: sql)
        var result = duckdb_result()
        defer { duckdb_destroy_result(&result) }
        guard duckdb_query(handle, sql, &result) == DuckDBSuccess else {
            throw DuckDBError(message: duckdb_result_error(&result), sql: sql)
        }
    }

    /// Compresses the tables of a database in memory, as far as they have changed.
    ///
    /// DuckDB 1.5 checkpoints by itself when much is committed, which compresses nothing yet, but leaves nothing to do for
    /// a CHECKPOINT unless something changes in between.
    ///
    /// - Throws: While another connection has a transaction open.
    package func compress() throws(DuckDBError) {
        try execute("CREATE TABLE compression (i INTEGER); DROP TABLE compression; CHECKPOINT;")
    }

    /// Executes one statement.
    ///
    /// - Parameters:
    ///   - sql: One statement, with `?` or `$1` for each parameter.
    ///   - parameters: The values for the parameters, in order.
    package func query(_ sql: String, _ parameters: [SQLValue] = []) throws(DuckDBError) -> QueryResult {
        try prepare(sql).query(parameters)
    }

    /// Prepares one statement to be executed many times.
    package func prepare(_ sql: String) throws(DuckDBError) -> PreparedStatement {
        try PreparedStatement(sql, on: self)
    }

    /// Commits what `body` does if it returns, and undoes it if it throws.
    ///
    /// - Throws: The error of `body`, or the one that keeps the transaction from being begun, committed or undone.
    package func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        try execute("BEGIN TRANSACTION")
        let value: Value
        do {
            value = try body()
        } catch {
            try undo(after: error)
            throw error
        }
        try execute("COMMIT")
        return value
    }

    private func undo(after cause: any Error) throws(DuckDBError) {
        do throws(DuckDBError) {
            try execute("ROLLBACK")
        } catch {
            throw DuckDBError(error.kind, "\(error.message) - while undoing after: \(cause)", sql: error.sql)
        }
    }
}

// Explicit non-conformance to Sendable: DuckDB locks a connection during each call, but a statement, its result, and
// the open transaction belong to whoever made them. A connection and all that it makes stay on one thread at a time:
// that of an actor with a ``ThreadExecutor``, or at a start the one that opened it.
@available(*, unavailable)
extension Connection: Sendable {}

/// Stops the statement that a connection executes, from any thread.
package final class InterruptHandle: Sendable {
    // Owns the C connection, so that an interrupt after the `Connection` is gone meets a live one. Unsafe only in name:
    // the pointer is constant, and of the calls that take it only `duckdb_interrupt`, which may be called from any
    // thread, is reachable without the `Connection`.
    nonisolated(unsafe) let connection: duckdb_connection
    let database: Database

    fileprivate init(connectingTo database: Database) throws(DuckDBError) {
        var connection: duckdb_connection?
        guard duckdb_connect(database.handle, &connection) == DuckDBSuccess, let connection else {
            throw DuckDBError(.other, "Connection Error: the database takes no connection")
        }
        self.connection = connection
        self.database = database
    }

    deinit {
        var connection: duckdb_connection? = connection
        duckdb_disconnect(&connection)
    }

    /// Makes the running statement fail with ``DuckDBError/Kind/interrupted``; without one, does nothing.
    package func interrupt() {
        duckdb_interrupt(connection)
    }
}
