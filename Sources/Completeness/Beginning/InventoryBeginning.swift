package import Journal
import Records
package import Tables

/// Makes a data directory in which there is no inventory begin with a snapshot from elsewhere, so that the next start goes on
/// from it.
///
/// A file says which snapshot it is to be until all is done, so that a beginning that was interrupted is told from an
/// inventory of which something is missing.
package struct InventoryBeginning {
    private let directory: DataDirectory
    private let locks: [FolderLock]
    /// The snapshot of a beginning that was interrupted.
    private let unfinished: String?

    /// - Returns: Nil where there is an inventory.
    /// - Throws: ``FolderInUse`` where a server is at work.
    package init?(_ directory: DataDirectory) throws {
        self.directory = directory
        let disk = directory.disk
        try disk.createFolder(directory.path)
        try disk.createFolder(directory.snapshots)
        locks = try directory.lockedFolders.map { try FolderLock($0) }
        unfinished = try disk.contents(of: directory.beginning).map { String(decoding: $0, as: UTF8.self) }
        let files = try DataFiles(directory)
        guard !files.isEmpty else { return }
        // There may be the one segment that leads up to the snapshot.
        let isBegun = files.head == .absent && files.adoption == .absent && files.segments.count <= 1
        if isBegun, let unfinished, files.snapshots.allSatisfy({ $0.id == unfinished }) { return }
        // With a head all was done but this.
        if unfinished != nil, files.head != .absent { try disk.remove(directory.beginning) }
        return nil
    }

    /// Begins with a snapshot, which keeps its inventory's id.
    ///
    /// - Parameters:
    ///   - fetch: Puts the snapshot of the id into a folder of snapshots.
    ///   - lead: Puts the segment into the folder of the journal that leads up to the snapshot; nil where others have no
    ///     older history, and it returns nil where it cannot be had.
    /// - Throws: ``SnapshotError`` where the snapshot is damaged.
    package func begin(
        with id: String,
        _ fetch: (SnapshotFolder) async throws -> Void,
        lead: ((JournalFolder, OlderSegment) async throws -> JournalFolder.Segment?)? = nil
    ) async throws -> SnapshotManifest {
        defer { withExtendedLifetime(locks) {} }
        let disk = directory.disk
        let folder = SnapshotFolder(directory.snapshots, disk: disk)
        if let unfinished, unfinished != id, try folder.contains(unfinished) { try folder.remove(unfinished) }
        try disk.replace(directory.beginning, Array(id.utf8))
        if try !folder.contains(id) { try await fetch(folder) }
        let snapshot = try folder.snapshot(id)
        try snapshot.verify()
        // Of format 1 there is no head, and the start adopts it.
        if let inventory = snapshot.manifest.inventory, let position = snapshot.manifest.position {
            let journal = JournalFolder(directory.journal, disk: disk)
            for segment in try journal.segments() { try disk.remove(segment.path) }
            var first: UInt64 = 0
            if let lead {
                first = try await lead(journal, OlderSegment(end: position))?.first ?? 0
                try disk.replace(directory.olderHistory, [])
            }
            _ = try HeadFile(
                directory.head,
                JournalHead(inventory: inventory, stamp: 1, oldest: first, segment: first, tip: position),
                on: disk
            )
        }
        try disk.remove(directory.beginning)
        return snapshot.manifest
    }
}
