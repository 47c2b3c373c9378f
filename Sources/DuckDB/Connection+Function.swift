import CDuckDB
import Synchronization

extension Connection {
    /// Gives SQL, on all connections of the database, a function that says yes or no of each row.
    ///
    /// - Parameters:
    ///   - name: The name, which nothing else has.
    ///   - columns: What it takes: the types are those of the values in the chunks, and whoever calls it casts to them.
    ///   - body: Gets rows and writes an answer for each, on any of DuckDB's threads. A chunk is gone when it returns. The
    ///     statement fails when it throws; so it should while it is interrupted, since DuckDB finds that out between chunks.
    package func addFunction(
        _ name: String,
        of columns: [QueryResult.Column],
        _ body: @escaping RowFunction
    ) throws(DuckDBError) {
        var function = duckdb_create_scalar_function()
        defer { duckdb_destroy_scalar_function(&function) }
        var (any, boolean) = (
            duckdb_create_logical_type(DUCKDB_TYPE_ANY), duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN)
        )
        defer {
            duckdb_destroy_logical_type(&any)
            duckdb_destroy_logical_type(&boolean)
        }
        duckdb_scalar_function_set_name(function, name)
        duckdb_scalar_function_set_varargs(function, any)
        duckdb_scalar_function_set_return_type(function, boolean)
        duckdb_scalar_function_set_special_handling(function)
        duckdb_scalar_function_set_volatile(function)
        let interrupted = interruptHandle.database.interrupted
        let implementation = Unmanaged.passRetained(RowImplementation(columns, interrupted, body)).toOpaque()
        duckdb_scalar_function_set_extra_info(function, implementation) { implementation in
            if let implementation { Unmanaged<RowImplementation>.fromOpaque(implementation).release() }
        }
        // The number of the connection, for as long as a statement runs.
        duckdb_scalar_function_set_init(function) { info in
            var context: duckdb_client_context?
            duckdb_scalar_function_init_get_client_context(info, &context)
            defer { duckdb_destroy_client_context(&context) }
            let number = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
            number.initialize(to: duckdb_client_context_get_connection_id(context))
            duckdb_scalar_function_init_set_state(info, number) { $0?.deallocate() }
        }
        duckdb_scalar_function_set_function(function) { info, chunk, output in
            guard let chunk, let implementation = duckdb_scalar_function_get_extra_info(info),
                let connection = duckdb_scalar_function_get_state(info)?.load(as: UInt64.self)
            else { return }
            do {
                try Unmanaged<RowImplementation>.fromOpaque(implementation).takeUnretainedValue()
                    .answer(chunk, output, on: connection)
            } catch {
                duckdb_scalar_function_set_error(info, "\(error)")
            }
        }
        guard duckdb_register_scalar_function(handle, function) == DuckDBSuccess else {
            throw DuckDBError(.other, "Catalog Error: the function \(name) cannot be registered")
        }
    }
}

/// What stands behind a function of SQL.
package typealias RowFunction =
    @Sendable (
        _ rows: DataChunk, _ answers: UnsafeMutableBufferPointer<Bool>, _ isInterrupted: () -> Bool
    ) throws -> Void

private final class RowImplementation: Sendable {
    private let columns: [QueryResult.Column]
    private let interrupted: InterruptedConnections
    private let body: RowFunction

    init(_ columns: [QueryResult.Column], _ interrupted: InterruptedConnections, _ body: @escaping RowFunction) {
        self.columns = columns
        self.interrupted = interrupted
        self.body = body
    }

    func answer(_ chunk: duckdb_data_chunk, _ output: duckdb_vector?, on connection: UInt64) throws {
        guard Int(duckdb_data_chunk_get_column_count(chunk)) == columns.count else {
            throw DuckDBError(.invalidInput, "the function takes \(columns.count) values")
        }
        let rows = DataChunk(borrowing: chunk, columns: columns)
        let answers = duckdb_vector_get_data(output)?.assumingMemoryBound(to: Bool.self)
        try body(rows, UnsafeMutableBufferPointer(start: answers, count: rows.count)) {
            interrupted.contains(connection)
        }
    }
}

/// The connections of a database whose statements are to end, by DuckDB's numbers.
final class InterruptedConnections: Sendable {
    private let numbers = Mutex<Set<UInt64>>([])

    func insert(_ number: UInt64) {
        numbers.withLock { _ = $0.insert(number) }
    }

    func remove(_ number: UInt64) {
        numbers.withLock { _ = $0.remove(number) }
    }

    func contains(_ number: UInt64) -> Bool {
        numbers.withLock { $0.contains(number) }
    }
}

extension InterruptHandle {
    /// DuckDB's number of the connection, which no other of the database has.
    var connectionID: UInt64 {
        var context: duckdb_client_context?
        duckdb_connection_get_client_context(connection, &context)
        defer { duckdb_destroy_client_context(&context) }
        return duckdb_client_context_get_connection_id(context)
    }
}
