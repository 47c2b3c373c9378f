import CSystemShims
import Dispatch
import DuckDB
import Foundation
import Inventory
import Schema

extension ProjectionTable {
    /// Puts resources into the table of a connection, in place of those with the same identifier; nil takes one out.
    ///
    /// - Parameter areNew: Whether the table has none of them.
    func merge(
        _ changed: [(id: UUID, stored: StoredResource?)],
        areNew: Bool = false,
        on connection: Connection
    ) throws {
        let appender = try Appender(connection, table: Self.stagingTable)
        for (id, stored) in changed {
            try appender.append(id)
            if let stored {
                try appender.append(.uint(stored.version))
                try appender.append(utf8: row(of: stored))
                try appender.append(utf8: stored.secrets.isEmpty ? Array("{}".utf8) : stored.secrets.json)
            } else {
                for _ in 0..<3 { try appender.appendNull() }
            }
            try appender.endRow()
        }
        try appender.close()
        try connection.execute(mergeStatements(areNew: areNew))
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

    /// The document as ``mergeStatements`` reads it: free-form objects stand in it as strings that hold their text.
    func row(of stored: StoredResource) -> [UInt8] {
        guard freeFormKeys.contains(where: stored.document.contains(bytes:)) else {
            return stored.document
        }
        var writer = JSONWriter(freeFormAsText: true)
        kind.resourceType.init(stored: stored.document).write(to: &writer)
        return writer.bytes
    }
}

extension [UInt8] {
    /// Whether other bytes stand somewhere among these.
    fileprivate func contains(bytes: [UInt8]) -> Bool {
        withUnsafeBytes { text in
            bytes.withUnsafeBytes { no_contains(text.baseAddress, text.count, $0.baseAddress, $0.count) }
        }
    }
}
