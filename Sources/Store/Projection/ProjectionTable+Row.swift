import Dispatch
import DuckDB
import Foundation
import Inventory

extension ProjectionTable {
    /// Puts resources into the table of a connection, in place of those with the same identifier; nil takes one out.
    func merge(_ changed: [(id: UUID, stored: StoredResource?)], on connection: Connection) throws {
        let appender = try Appender(connection, table: Self.removalTable)
        for (id, _) in changed {
            try appender.append(id)
            try appender.endRow()
        }
        try appender.close()
        try connection.execute(removalStatements)
        try insert(changed.compactMap(\.stored), on: connection)
    }

    /// Puts resources into the table of a connection, which has none of them.
    ///
    /// - Parameter catalog: Where the table is, if not in the database: `temp`.
    func insert(_ new: [StoredResource], catalog: String? = nil, on connection: Connection) throws {
        let appender = try Appender(connection, catalog: catalog, table: kind.rawValue)
        for start in stride(from: 0, to: new.count, by: RowChunk.capacity) {
            let chunk = appender.makeChunk()
            var writer = RowWriter(self, chunk)
            for stored in new[start..<min(start + RowChunk.capacity, new.count)] { writer.append(stored) }
            writer.finish()
            try appender.append(chunk)
        }
        try appender.close()
    }

    /// Reads rows of the table.
    func resources(_ result: QueryResult) throws -> [Change] {
        let reader = RowReader(self)
        var changes: [Change] = []
        while let chunk = try result.nextChunk() { changes += try reader.changes(in: chunk) }
        return changes
    }

    /// Reads rows of the table on all processors, in no particular order.
    ///
    /// - Parameter body: Gets the rows of a chunk, on any thread.
    func forEachChunk(_ result: QueryResult, _ body: @Sendable ([Change]) -> Void) throws {
        let reader = RowReader(self)
        let lock = NSLock()
        // Both are used by whoever has the lock; what a chunk has is its own.
        nonisolated(unsafe) let result = result
        nonisolated(unsafe) var failure: (any Error)?
        DispatchQueue.concurrentPerform(iterations: ProcessInfo.processInfo.activeProcessorCount) { _ in
            do {
                while let chunk = try lock.withLock({ try failure == nil ? result.nextChunk() : nil }) {
                    body(try reader.changes(in: chunk))
                }
            } catch {
                lock.withLock { failure = error }
            }
        }
        if let failure { throw failure }
    }
}
