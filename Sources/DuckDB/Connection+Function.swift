package import CDuckDB
import Synchronization

extension Connection {
    /// Gives SQL, on all connections of the database, a function that has an answer for each row: a BOOLEAN or a UHUGEINT.
    ///
    /// - Parameters:
    ///   - name: The name, which nothing else has.
    ///   - columns: What it takes: the types are those of the values in the chunks, and whoever calls it casts to them.
    ///   - body: Gets rows and writes an answer for each, on any of DuckDB's threads. A chunk is gone when it returns. The
    ///     statement fails when it throws; so it should while it is interrupted, since DuckDB finds that out between chunks.
    package func addFunction<Answer: RowAnswer>(
        _ name: String,
        of columns: [QueryResult.Column],
        _ body: @escaping RowFunction<Answer>
    ) throws(DuckDBError) {
        var function = duckdb_create_scalar_function()
        defer { duckdb_destroy_scalar_function(&function) }
        var (any, answer) = (duckdb_create_logical_type(DUCKDB_TYPE_ANY), duckdb_create_logical_type(Answer.type))
        defer {
            duckdb_destroy_logical_type(&any)
            duckdb_destroy_logical_type(&answer)
        }
        duckdb_scalar_function_set_name(function, name)
        duckdb_scalar_function_set_varargs(function, any)
        duckdb_scalar_function_set_return_type(function, answer)
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
package typealias RowFunction<Answer: RowAnswer> =
    @Sendable (
        _ rows: DataChunk, _ answers: UnsafeMutableBufferPointer<Answer>, _ isInterrupted: () -> Bool
    ) throws -> Void

/// What a function answers of a row, as DuckDB's vectors have it.
package protocol RowAnswer: BitwiseCopyable {
    static var type: duckdb_type { get }
}

extension Bool: RowAnswer {
    package static var type: duckdb_type { DUCKDB_TYPE_BOOLEAN }
}

extension UInt128: RowAnswer {
    package static var type: duckdb_type { DUCKDB_TYPE_UHUGEINT }
}

/// The implementation of a function, without its type.
private final class RowImplementation: Sendable {
    private let columns: [QueryResult.Column]
    private let interrupted: InterruptedConnections
    private let body: @Sendable (DataChunk, UnsafeMutableRawPointer?, () -> Bool) throws -> Void

    init<Answer: RowAnswer>(
        _ columns: [QueryResult.Column],
        _ interrupted: InterruptedConnections,
        _ body: @escaping RowFunction<Answer>
    ) {
        self.columns = columns
        self.interrupted = interrupted
        self.body = { rows, answers, isInterrupted in
            let answers = answers?.assumingMemoryBound(to: Answer.self)
            try body(rows, UnsafeMutableBufferPointer(start: answers, count: rows.count), isInterrupted)
        }
    }

    func answer(_ chunk: duckdb_data_chunk, _ output: duckdb_vector?, on connection: UInt64) throws {
        guard Int(duckdb_data_chunk_get_column_count(chunk)) == columns.count else {
            throw DuckDBError(.invalidInput, "the function takes \(columns.count) values")
        }
        let rows = DataChunk(borrowing: chunk, columns: columns)
        try body(rows, duckdb_vector_get_data(output)) { interrupted.contains(connection) }
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
