import DuckDB
import Foundation
import Inventory
import Synchronization

extension ProjectionTable {
    /// Puts resources into the table of a connection, in place of those with the same identifier; nil takes one out.
    func merge(_ changed: [(id: UUID, stored: StoredResource?)], on connection: Connection) throws {
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

    /// Fills a directory with rows of the table.
    ///
    /// - Throws: Where there are not as many as there should be.
    func restore(
        _ selection: SnapshotSelection,
        of snapshot: Snapshot,
        on connection: Connection,
        to directory: Directory
    ) throws {
        let rows = snapshot.manifest.rows(of: kind)
        directory.reserve(kind, count: rows)
        try forEachChunk(selection.sqlWithoutSecrets, on: connection, directory.apply)
        guard directory.count(kind) == rows else {
            throw SnapshotError.damaged("\(Snapshot.fileName(of: kind)) has not \(rows) rows")
        }
        guard let secretsSQL = selection.secretsSQL else { return }
        let name = Snapshot.secretsFileName(of: kind)
        let found = Mutex(0)
        try connection.forEachChunk(of: secretsSQL) { [kind] chunk in
            let count = directory.setSecrets(kind, try RowReader.secrets(in: chunk))
            found.withLock { $0 += count }
        }
        guard found.withLock(\.self) == snapshot.manifest.files[name]?.rows else {
            throw SnapshotError.damaged("\(name) does not go with \(Snapshot.fileName(of: kind))")
        }
    }

    /// Reads rows of the table on all processors, in no particular order.
    ///
    /// - Parameter body: Gets the rows of a chunk, on any thread.
    func forEachChunk(_ sql: String, on connection: Connection, _ body: @escaping @Sendable ([Change]) -> Void) throws {
        let reader = RowReader(self)
        try connection.forEachChunk(of: sql) { body(try reader.changes(in: $0)) }
    }
}
