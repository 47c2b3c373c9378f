import CDuckDB
import Synchronization

extension Connection {
    /// Has a function look at the rows of a query where DuckDB makes them: on all of its threads, in no particular order,
    /// and without the copy that a ``QueryResult`` is.
    ///
    /// DuckDB calls functions of C for the values of an expression, and this is one: it takes all columns and gives true.
    ///
    /// - Parameters:
    ///   - sql: A SELECT without parameters, whose columns have names.
    ///   - body: Gets the rows, on any thread. A chunk is gone when it returns.
    /// - Throws: The first error of `body`, or DuckDB's.
    package func forEachChunk(of sql: String, _ body: @escaping @Sendable (DataChunk) throws -> Void) throws {
        let empty = try query("SELECT * FROM (\(sql)) LIMIT 0")
        let columns = empty.columns
        // Until its end is read its transaction is open, and the function would go with it.
        while try empty.nextChunk() != nil {}
        let visitor = ChunkVisitor(columns, body)
        try register(visitor)
        defer { visitor.close() }
        let names = columns.map(\.name.quotedIdentifier).joined(separator: ", ")
        do {
            let result = try query("SELECT bool_and(\(visitor.name)(\(names))) FROM (\(sql))")
            while try result.nextChunk() != nil {}
        } catch {
            throw visitor.failure ?? error
        }
    }

    private func register(_ visitor: ChunkVisitor) throws(DuckDBError) {
        var function = duckdb_create_scalar_function()
        defer { duckdb_destroy_scalar_function(&function) }
        var (any, boolean) = (
            duckdb_create_logical_type(DUCKDB_TYPE_ANY), duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN)
        )
        defer {
            duckdb_destroy_logical_type(&any)
            duckdb_destroy_logical_type(&boolean)
        }
        duckdb_scalar_function_set_name(function, visitor.name)
        duckdb_scalar_function_set_varargs(function, any)
        duckdb_scalar_function_set_return_type(function, boolean)
        duckdb_scalar_function_set_special_handling(function)
        duckdb_scalar_function_set_volatile(function)
        duckdb_scalar_function_set_extra_info(function, Unmanaged.passRetained(visitor).toOpaque()) { visitor in
            if let visitor { Unmanaged<ChunkVisitor>.fromOpaque(visitor).release() }
        }
        duckdb_scalar_function_set_function(function) { info, chunk, output in
            let visitor = duckdb_scalar_function_get_extra_info(info).map {
                Unmanaged<ChunkVisitor>.fromOpaque($0).takeUnretainedValue()
            }
            guard let chunk, visitor?.visit(chunk) == true else {
                duckdb_scalar_function_set_error(info, "the query that this function was made for is over")
                return
            }
            let count = Int(duckdb_data_chunk_get_size(chunk))
            duckdb_vector_get_data(output)?.assumingMemoryBound(to: Bool.self).update(repeating: true, count: count)
        }
        guard duckdb_register_scalar_function(handle, function) == DuckDBSuccess else {
            throw DuckDBError(.other, "Catalog Error: a function cannot be registered")
        }
    }
}

/// Gets the chunks of one query; the function's name stays in the catalog, and gives errors once the query is over.
private final class ChunkVisitor: Sendable {
    let name: String
    private let columns: [QueryResult.Column]
    private let state: Mutex<State>

    private struct State {
        var body: (@Sendable (DataChunk) throws -> Void)?
        var failure: (any Error)?
    }

    private static let count = Atomic(0)

    init(_ columns: [QueryResult.Column], _ body: @escaping @Sendable (DataChunk) throws -> Void) {
        name = "for_each_chunk_\(Self.count.add(1, ordering: .relaxed).newValue)"
        self.columns = columns
        state = Mutex(State(body: body))
    }

    var failure: (any Error)? { state.withLock { $0.failure } }

    func close() {
        state.withLock { $0.body = nil }
    }

    /// - Returns: Whether the rows were looked at without an error.
    func visit(_ chunk: duckdb_data_chunk) -> Bool {
        guard Int(duckdb_data_chunk_get_column_count(chunk)) == columns.count, let body = state.withLock({ $0.body })
        else { return false }
        do {
            try body(DataChunk(borrowing: chunk, columns: columns))
            return true
        } catch {
            state.withLock { state in
                if state.failure == nil { state.failure = error }
                state.body = nil
            }
            return false
        }
    }
}
