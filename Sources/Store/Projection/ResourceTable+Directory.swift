import DuckDB
import Records
import Synchronization
import Tables

extension ResourceTable {
    /// Fills a directory with rows of the table.
    ///
    /// - Throws: Where there are not as many as there should be.
    func load(
        _ selection: SnapshotSelection,
        of snapshot: Snapshot,
        on connection: Connection,
        into writer: DirectoryWriter
    ) throws {
        let rows = snapshot.manifest.rows(of: kind)
        writer.reserve(kind, count: rows)
        // The start says what the last transaction is.
        try forEachChunk(selection.sqlWithoutSecrets, on: connection) { writer.apply($0, through: .beginning) }
        guard writer.directory.count(kind) == rows else {
            throw SnapshotError.damaged("\(Snapshot.fileName(of: kind)) has not \(rows) rows")
        }
        guard let secretsSQL = selection.secretsSQL else { return }
        let name = Snapshot.secretsFileName(of: kind)
        let found = Mutex(0)
        try connection.forEachChunk(of: secretsSQL) { [kind] chunk in
            let count = writer.setSecrets(kind, try RowReader.secrets(in: chunk))
            found.withLock { $0 += count }
        }
        guard found.withLock(\.self) == snapshot.manifest.files[name]?.rows else {
            throw SnapshotError.damaged("\(name) does not go with \(Snapshot.fileName(of: kind))")
        }
    }
}
