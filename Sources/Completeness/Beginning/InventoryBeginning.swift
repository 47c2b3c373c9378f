import Journal
import Records
package import Tables

/// Makes a data directory in which there is no inventory begin with a snapshot from elsewhere, so that the next start goes on
/// from it.
package struct InventoryBeginning {
    private let directory: DataDirectory

    /// - Returns: Nil where there is an inventory, of which a beginning that was interrupted is none.
    /// - Throws: Where another version of the program has written what there is.
    package init?(_ directory: DataDirectory) throws {
        let files = try DataFiles(directory)
        let isUnfinished = files.head == .absent && files.adoption == .absent && files.segments.isEmpty
        guard files.isEmpty || (isUnfinished && files.snapshots.count == 1) else { return nil }
        self.directory = directory
    }

    /// Begins with a snapshot, which keeps its inventory's id.
    ///
    /// - Parameter fetch: Puts the snapshot of the id into a folder of snapshots.
    /// - Throws: ``SnapshotError`` where the snapshot is damaged; ``FolderInUse`` where a server is at work.
    package func begin(
        with id: String,
        _ fetch: (SnapshotFolder) async throws -> Void
    ) async throws -> SnapshotManifest {
        let disk = directory.disk
        try disk.createFolder(directory.path)
        try disk.createFolder(directory.snapshots)
        let locks = try directory.lockedFolders.map { try FolderLock($0) }
        defer { withExtendedLifetime(locks) {} }
        let folder = SnapshotFolder(directory.snapshots, disk: disk)
        for other in try folder.ids() where other != id { try folder.remove(other) }
        if try !folder.contains(id) { try await fetch(folder) }
        let snapshot = try folder.snapshot(id)
        try snapshot.verify()
        // Of format 1 there is no head, and the start adopts it.
        if let inventory = snapshot.manifest.inventory, let position = snapshot.manifest.position {
            _ = try HeadFile(
                directory.head,
                JournalHead(inventory: inventory, stamp: 1, oldest: 0, segment: 0, tip: position),
                on: disk
            )
        }
        return snapshot.manifest
    }
}
