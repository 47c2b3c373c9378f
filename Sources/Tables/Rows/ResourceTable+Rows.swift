package import DuckDB
package import Foundation
import Inventory
package import Records

extension ResourceTable {
    /// Puts resources into the table of a connection, in place of those with the same identifier; nil takes one out.
    package func merge(_ changed: [(id: UUID, stored: StoredResource?)], on connection: Connection) throws {
        let appender = try Appender(connection, table: Self.removalTable)
        for (id, _) in changed {
            try appender.append(id.lowercased)
            try appender.endRow()
        }
        try appender.close()
        try connection.execute(removalStatements)
        try insert(changed.compactMap(\.stored), on: connection)
    }

    /// Puts resources into the table of a connection, which has none of them.
    ///
    /// - Parameter catalog: Where the table is, if not in the database: `temp`.
    package func insert(_ new: [StoredResource], catalog: String? = nil, on connection: Connection) throws {
        let appender = try Appender(connection, catalog: catalog, table: kind.name)
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
    package func resources(_ result: QueryResult) throws -> [Change] {
        let reader = RowReader(self)
        var changes: [Change] = []
        while let chunk = try result.nextChunk() { changes += try reader.changes(in: chunk) }
        return changes
    }

    /// Reads rows of the table on all processors, in no particular order.
    ///
    /// - Parameter body: Gets the rows of a chunk, on any thread.
    package func forEachChunk(_ sql: String, on connection: Connection, _ body: @escaping @Sendable ([Change]) -> Void)
        throws
    {
        let reader = RowReader(self)
        try connection.forEachChunk(of: sql) { body(try reader.changes(in: $0)) }
    }
}
