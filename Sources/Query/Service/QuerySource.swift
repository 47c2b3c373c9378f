package import Foundation
import Journal
package import Store
import Tables

/// What statements read: the inventory of a running server, or the files of one.
package struct QuerySource: Sendable {
    /// The snapshots, which tables begin with.
    let snapshots: SnapshotFolder
    /// What transactions have made of resources.
    let changes: ChangeReader
    /// The changes in the journal as Parquet files.
    let changeFiles: ChangeFiles
    /// The last transaction that counts now.
    let newest: @Sendable () -> UInt64
    /// The first transaction that the journal has.
    let oldest: @Sendable () -> UInt64
    /// Writes the inventory as it is to a folder, as a snapshot; nil where nothing but files is there.
    let export: (@Sendable (SnapshotFolder) async throws -> Snapshot)?
    /// Gets a file of a snapshot that is elsewhere, of which only the manifest is here; nil where all files are here.
    let fetch: FetchFile?
    let folder: QueryFolder

    /// Writes the file of a name, of the snapshot of an id, to a new file.
    package typealias FetchFile = @Sendable (_ name: String, _ id: String, _ file: URL) async throws -> Void

    /// A running inventory: whatever it has answered counts.
    package init(_ store: InventoryStore) throws {
        snapshots = store.snapshotFolder
        changes = store.changes
        changeFiles = store.changeFiles
        newest = { [journal = store.journal] in journal.announced }
        oldest = { [journal = store.journal] in journal.oldest }
        export = store.export
        fetch = nil
        folder = try QueryFolder(ofServerWith: snapshots)
    }

    /// The files of an inventory, as they were found.
    ///
    /// - Parameter fetch: Gets a file of a snapshot, where history has only manifests.
    package init(_ history: OfflineHistory, fetch: FetchFile? = nil) throws {
        snapshots = history.snapshots
        newest = { [journal = history.journal] in journal.sequence }
        oldest = { [journal = history.journal] in journal.oldest }
        export = nil
        self.fetch = fetch
        folder = try QueryFolder(linkingTo: snapshots)
        changes = try history.changeReader()
        changeFiles = try history.changeFiles(in: folder.ownChanges)
    }
}
