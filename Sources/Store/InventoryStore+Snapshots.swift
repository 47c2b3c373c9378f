package import Foundation
import Records
import Synchronization
package import Tables

/// The snapshots of an inventory.
extension InventoryStore {
    /// The snapshots that can be read, newest first.
    package func snapshots() async throws -> [Snapshot] {
        try await snapshotter.list()
    }

    /// Takes a snapshot, or finds that the newest holds all there is.
    ///
    /// - Returns: The snapshot, and whether it is new.
    package func takeSnapshot() async throws -> (snapshot: Snapshot, isNew: Bool) {
        try await withEngine { try await snapshotter.take() }
    }

    /// How long ago the newest snapshot was taken, in seconds; nil where there is none.
    package var snapshotAge: Double? {
        snapshotter.lastTime.withLock(\.self).map { max(0, -$0.timeIntervalSinceNow) }
    }

    /// The inventory's id.
    package var inventory: UUID { snapshotter.inventory }

    /// Says that there may be a new snapshot; only one may ask.
    package var snapshotsTaken: AsyncStream<Void> { snapshotter.taken }

    /// Where the snapshots are.
    package var snapshotFolder: SnapshotFolder { snapshotter.folder }

    /// Writes the inventory as it is to a folder of somebody's own, as a snapshot without sealed secrets.
    package func export(to folder: SnapshotFolder) async throws -> Snapshot {
        try await withEngine { try await snapshotter.export(to: folder) }
    }

    /// Removes a snapshot.
    ///
    /// - Returns: False when there is none of that id.
    /// - Throws: ``Refusal`` when the inventory could not be restored without it.
    package func removeSnapshot(_ id: String) async throws -> Bool {
        try await snapshotter.remove(id)
    }

    /// Removes the snapshots that need not be kept, and the history before the oldest moment that must be readable.
    ///
    /// - Returns: The ids of the snapshots that were removed.
    package func prune() async throws -> [String] {
        try await snapshotter.prune()
    }
}
