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
    ///
    /// - Parameters:
    ///   - offered: The snapshots of the other one.
    ///   - oldest: The oldest moment from which on it can read every one.
    /// - Returns: The ids of the snapshots that are not here, newest first, and the number down to which the journal is to go.
    package func wanted(of offered: [Retention.Item], from oldest: UInt64) throws -> (
        snapshots: [String], oldest: UInt64
    ) {
        let own = try snapshotter.folder.readable().compactMap(\.retentionItem)
        let newest = own.max { $0.id < $1.id }
        let ids = Set(own.map(\.id))
        let others = offered.filter { item in
            !ids.contains(item.id) && newest.map { item.id < $0.id && item.sequence < $0.sequence } ?? true
        }
        let plan =
            configuration.retention?.plan(own + others, reachesBeginning: oldest == 0, now: Date())
            ?? Retention.Plan(removed: [], oldest: oldest)
        let snapshots = others.map(\.id).filter { !plan.removed.contains($0) }.sorted(by: >)
        return (snapshots, max(plan.oldest, oldest))
    }

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
    /// - Returns: False where the journal would be larger than it may be.
    /// - Throws: ``JournalError`` where it is not what it should be; ``DiskError``.
    package func add(_ segment: OlderSegment, _ file: URL) async throws -> Bool {
        guard try journal.size + (Disk.size(of: file) ?? 0) <= configuration.maximumJournalSize else { return false }
        let successor = journal.oldest
        if try await snapshotter.extendJournal(with: file, segment) {
            // What they had been before was not known of the resources that it changed first.
            try await changes.removePart(from: successor)
        }
        return true
    }

    /// Whether a snapshot is of the past that the journal here has, or from before the journal begins.
    package func fits(_ manifest: SnapshotManifest) throws -> Bool {
        guard manifest.inventory == snapshotter.inventory, let position = manifest.position else { return false }
        return try DataFiles(configuration.directory).contains(position)
    }

    /// Notes that all has come.
    package func isComplete() async throws {
        // What resources had been was not known of all changes while the snapshots were missing.
        for segment in journal.segments { try await changes.removePart(from: segment.first) }
        try configuration.directory.disk.remove(configuration.directory.olderHistory)
        try await snapshotter.historyIsComplete()
    }
}
