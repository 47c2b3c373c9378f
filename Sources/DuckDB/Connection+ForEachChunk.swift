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
        let visitor = ChunkVisitor(body)
        defer { visitor.close() }
        try addFunction(visitor.name, of: columns) { rows, answers, _ in
            try visitor.visit(rows)
            answers.update(repeating: true)
        }
        let names = columns.map(\.name.quotedIdentifier).joined(separator: ", ")
        do {
            let result = try query("SELECT bool_and(\(visitor.name)(\(names))) FROM (\(sql))")
            while try result.nextChunk() != nil {}
        } catch {
            throw visitor.failure ?? error
        }
    }
}

/// Gets the chunks of one query; the function's name stays in the catalog, and gives errors once the query is over.
private final class ChunkVisitor: Sendable {
    let name: String
    private let state: Mutex<State>

    private struct State {
        var body: (@Sendable (DataChunk) throws -> Void)?
        var failure: (any Error)?
    }

    private static let count = Atomic(0)

    init(_ body: @escaping @Sendable (DataChunk) throws -> Void) {
        name = "for_each_chunk_\(Self.count.add(1, ordering: .relaxed).newValue)"
        state = Mutex(State(body: body))
    }

    var failure: (any Error)? { state.withLock { $0.failure } }

    func close() {
        state.withLock { $0.body = nil }
    }

    func visit(_ rows: DataChunk) throws {
        guard let body = state.withLock({ $0.body }) else {
            throw DuckDBError(.other, "the query that this function was made for is over")
        }
        do {
            try body(rows)
        } catch {
            state.withLock { state in
                if state.failure == nil { state.failure = error }
                state.body = nil
            }
            throw error
        }
    }
}
