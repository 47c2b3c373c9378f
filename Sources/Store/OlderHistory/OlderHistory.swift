import Completeness
package import Foundation
import Inventory
package import Journal
import Records
package import Tables

/// The history from before the snapshot with which a server has joined a log, as it comes from other servers.
///
/// A file says that it is missing until all has come. The journal comes first, segment by segment from the newest one back, each
/// of which is checked by the hash that the next one begins with, so that what is there is whole at any time; then the snapshots,
/// which must be of the past that the journal has.
package struct OlderHistory: Sendable {
    private let snapshotter: Snapshotter
    private let journal: PublishedJournal
    private let changes: ChangeFiles
    private let configuration: StoreConfiguration

    init(
        _ snapshotter: Snapshotter,
        _ journal: PublishedJournal,
        _ changes: ChangeFiles,
        _ configuration: StoreConfiguration
    ) {
        self.snapshotter = snapshotter
        self.journal = journal
        self.changes = changes
        self.configuration = configuration
    }

    /// Whether it is still to come.
    package var isMissing: Bool { configuration.directory.lacksOlderHistory }

    /// What this server is to have of the history of another one.
    package struct Wanted {
        /// The snapshots that are not here, newest first.
        package let snapshots: [Retention.Item]
        /// The number down to which the journal is to go.
        package let oldest: UInt64
        /// Whether this server keeps nothing that is older, whoever has it.
        package let isAll: Bool
    }

    /// - Parameters:
    ///   - offered: The snapshots of the other one.
    ///   - oldest: The oldest moment from which on it can read every one.
    package func wanted(of offered: [Retention.Item], from oldest: UInt64) throws -> Wanted {
        let own = try snapshotter.folder.readable().compactMap(\.retentionItem)
        let newest = own.max { $0.id < $1.id }
        let ids = Set(own.map(\.id))
        let others = offered.filter { item in
            !ids.contains(item.id) && newest.map { item.id < $0.id && item.sequence < $0.sequence } ?? true
        }
        let now = Date()
        let plan = configuration.retention?.plan(own + others, reachesBeginning: oldest == 0, now: now)
        let keepsOlder = configuration.retention?.keepsOlder(than: own + others, now: now) ?? true
        return Wanted(
            snapshots: others.filter { !(plan?.removed.contains($0.id) ?? false) }.sorted { $0.id > $1.id },
            oldest: max(plan?.oldest ?? 0, oldest),
            isAll: oldest == 0 || !keepsOlder
        )
    }

    /// Whether the journal goes on from a snapshot.
    package func reaches(_ snapshot: Retention.Item) -> Bool { snapshot.sequence + 1 >= journal.oldest }

    /// The segment of the journal that is to come next; nil where nothing is, or the journal does not say.
    ///
    /// - Parameter oldest: The number down to which the journal is to go.
    package func nextSegment(downTo oldest: UInt64) throws -> (segment: OlderSegment, file: URL)? {
        guard journal.oldest > oldest + 1, let older = try journal.older else { return nil }
        return (older, journal.folder.partial(older))
    }

    /// Has the journal begin with a segment that has come.
    ///
    /// - Parameter file: Where it is, as ``nextSegment(downTo:)`` has said.
    /// - Returns: False where there is no room for it.
    /// - Throws: ``JournalError`` where it is not what it should be; ``DiskError``.
    package func add(_ segment: OlderSegment, _ file: URL) async throws -> Bool {
        // What comes meanwhile has room, too, so that nothing is dropped for it.
        let room = configuration.maximumJournalSize / 8 * 7 - journal.size
        guard try Disk.size(of: file) ?? 0 <= room else {
            try journal.folder.disk.remove(file)
            return false
        }
        try await snapshotter.extendJournal(with: file, segment)
        return true
    }

    /// Whether a snapshot is of the past that the journal here has, or from before the journal begins.
    package func fits(_ manifest: SnapshotManifest) throws -> Bool {
        guard manifest.inventory == snapshotter.inventory, let position = manifest.position else { return false }
        return try DataFiles(configuration.directory).contains(position)
    }

    /// Notes that all has come.
    package func isComplete() async throws {
        // What resources had been was not known of all changes while a snapshot before them was missing.
        try await changes.makeAnew()
        try await snapshotter.historyIsComplete()
        try configuration.directory.disk.remove(configuration.directory.olderHistory)
    }
}
