import Foundation
import Inventory
import Logging

extension InventoryStore {
    /// What a start has brought back to memory.
    struct Restored {
        /// The snapshot that it began with.
        var snapshot: Snapshot?
        /// The journal behind it.
        var recovery: JournalRecovery
    }

    /// Loads the newest good snapshot, and the journal behind it.
    ///
    /// - Throws: Where that would not be all that was ever acknowledged.
    static func restore(
        _ configuration: Configuration,
        _ snapshots: SnapshotFolder,
        _ journal: JournalFolder,
        to projection: Projection,
        _ directory: Directory,
        _ logger: Logger
    ) async throws -> Restored {
        try snapshots.removePartial()
        try journal.removePartial()
        let segments = try journal.segments()
        let ids = try snapshots.ids()
        guard configuration.restores || (ids.isEmpty && segments.isEmpty) else {
            throw DiskError(
                message: "--no-restore starts with an empty inventory, but \(configuration.dataDirectory.path) holds "
                    + "\(ids.count) snapshots and \(segments.count) segments of a journal; use another data directory"
            )
        }
        let snapshot = try await restoreSnapshot(ids, snapshots, to: projection, directory, logger)
        let sequence = snapshot?.manifest.sequence ?? 0
        if snapshot == nil, !ids.isEmpty, segments.isEmpty {
            throw JournalError.gap(
                "none of the \(ids.count) snapshots in \(snapshots.path.path) can be used, and there is no journal; "
                    + "put a good snapshot there, or move them away to start with an empty inventory"
            )
        }
        projection.begin(at: sequence)
        let recovery = try await replay(configuration, journal, after: sequence, to: projection, directory, logger)
        if recovery.last == 0 { logger.notice("the inventory is empty") }
        return Restored(snapshot: snapshot, recovery: recovery)
    }

    /// - Returns: The snapshot that was restored; nil when none can be used.
    /// - Throws: When a snapshot is of a format that only another version of the program reads: to go on without it
    ///   could be to lose what it holds.
    private static func restoreSnapshot(
        _ ids: [String],
        _ folder: SnapshotFolder,
        to projection: Projection,
        _ directory: Directory,
        _ logger: Logger
    ) async throws -> Snapshot? {
        for id in ids {
            do {
                let start = ContinuousClock.now
                let snapshot = try folder.snapshot(id)
                try snapshot.verify()
                try await projection.restore(snapshot, into: directory)
                logger.info(
                    "restored a snapshot",
                    metadata: [
                        "snapshot": "\(id)", "sequence": "\(snapshot.manifest.sequence)",
                        "resources": "\(Kind.allCases.reduce(0) { $0 + directory.count($1) })",
                        "duration_ms": .stringConvertible((ContinuousClock.now - start).milliseconds),
                    ]
                )
                return snapshot
            } catch SnapshotError.unknownFormat(let format) {
                throw DiskError(message: "the snapshot \(id) \(SnapshotError.unknownFormat(format))")
            } catch {
                logger.warning("skipped a snapshot", metadata: ["snapshot": "\(id)", "reason": "\(error)"])
            }
        }
        return nil
    }

    private static func replay(
        _ configuration: Configuration,
        _ folder: JournalFolder,
        after sequence: UInt64,
        to projection: Projection,
        _ directory: Directory,
        _ logger: Logger
    ) async throws -> JournalRecovery {
        let start = ContinuousClock.now
        let segments = try folder.segments()
        let first = try JournalRecovery.start(segments, after: sequence) ?? 0
        let total = try segments[first...].reduce(0) { $0 + (try $1.size) }
        var replay = JournalReplay()
        let recovery = try JournalRecovery(
            folder,
            after: sequence,
            logger: logger,
            progress: { configuration.replayProgress($0, total) },
            visit: { replay.add($0) }
        )
        try replay.apply(to: directory, logger: logger) { changes in
            projection.enqueue(changes, through: recovery.last)
        }
        // Larger tables are filled behind the start; a search or a snapshot waits for it.
        let size = replay.resourceCount + Kind.allCases.reduce(0) { $0 + directory.count($1) }
        if size <= Projection.maximumAtStart { try await projection.catchUp() }
        projection.begin(at: recovery.last)
        if replay.transactionCount > 0 {
            logger.info(
                "replayed the journal",
                metadata: [
                    "transactions": .stringConvertible(replay.transactionCount), "sequence": "\(recovery.last)",
                    "bytes": .stringConvertible(total),
                    "duration_ms": .stringConvertible((ContinuousClock.now - start).milliseconds),
                ]
            )
        }
        return recovery
    }
}
