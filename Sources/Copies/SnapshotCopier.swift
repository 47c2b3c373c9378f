import Foundation
package import Logging
import Metrics
import Records
import Scheduling
import ServiceLifecycle
package import Store
import Tables

/// Copies each finished snapshot to another place, in the order in which they were taken, and removes copies that need not be
/// kept there.
///
/// Nothing waits in a queue: what is to be copied are the snapshots of the store that are newer than the newest copy. So
/// their number has the limit of the store's, a snapshot that the store removes before its turn is left out, and a copy that
/// was interrupted is made again, also after a restart.
package actor SnapshotCopier: Service {
    private let store: InventoryStore
    private let place: CopyPlace
    /// Which copies are kept; nil for all.
    private let retention: Retention?
    private let logger: Logger
    /// The id of the newest copy that is known; empty for none.
    private var newest = ""
    private nonisolated let executor = ThreadExecutor(label: "snapshot copies", givesWay: true)

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// How long is waited after a failure: longer each time.
    private static let (firstPause, longestPause) = (Duration.seconds(1), Duration.seconds(300))
    /// How long the copy of the last snapshot may take that a stop takes.
    private static let stopLimit = Duration.seconds(10)

    package init(_ store: InventoryStore, to place: CopyPlace, keeping retention: Retention?, logger: Logger) {
        self.store = store
        self.place = place
        self.retention = retention
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.follow() }
        do {
            try await withTimeLimit(Self.stopLimit) { try await self.copyAll() }
        } catch {
            logger.warning("snapshots are copied at the next start", metadata: ["reason": "\(error)"])
        }
    }

    /// Copies what there is whenever there may be something.
    private func follow() async {
        var taken = store.snapshotsTaken.makeAsyncIterator()
        var pause = Self.firstPause
        var isFirst = true
        while !Task.isCancelled {
            do {
                try await copyAll()
                if isFirst { try await place.removePartial() }
                isFirst = false
                pause = Self.firstPause
                await taken.next()
            } catch {
                guard !Task.isCancelled else { return }
                Counter(label: "snapshot_copy_failures_total").increment()
                logger.warning(
                    "a snapshot could not be copied; trying again",
                    metadata: ["to": "\(place)", "reason": "\(error)", "in": "\(pause)"]
                )
                recordPending()
                do {
                    try await Task.sleep(for: pause)
                } catch {
                    return
                }
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// The snapshots to copy, oldest first; the metrics get their number.
    private func pending() throws -> [Snapshot] {
        let found = try store.snapshotFolder.readable().filter { $0.id > newest }
        Gauge(label: "snapshot_copies_waiting").record(found.count)
        return found.reversed()
    }

    private func recordPending() {
        do {
            _ = try pending()
        } catch {
            logger.warning("the snapshots cannot be listed", metadata: ["reason": "\(error)"])
        }
    }

    private func copyAll() async throws {
        guard store.copiesSnapshots else { return }
        var copied = try await place.ids()
        newest = copied.first ?? ""
        try await checkOwner()
        // Others come, and go, while one is copied.
        while let snapshot = try pending().first {
            try Task.checkCancellation()
            if try await copy(snapshot) { copied.insert(snapshot.id, at: 0) }
            newest = snapshot.id
        }
        try await prune(copied)
    }

    /// Copies a snapshot.
    ///
    /// - Returns: Whether it is there; not where it is damaged, or where the store has removed it.
    private func copy(_ snapshot: Snapshot) async throws -> Bool {
        let start = ContinuousClock.now
        do {
            try snapshot.verify()
            try await place.put(snapshot)
        } catch {
            let isGone = try !store.snapshotFolder.contains(snapshot.id)
            guard error is SnapshotError || isGone else { throw error }
            logger.warning(
                "a snapshot is not copied",
                metadata: ["snapshot": "\(snapshot.id)", "reason": isGone ? "it was removed" : "it \(error)"]
            )
            return false
        }
        Counter(label: "snapshot_copies_total").increment()
        logger.info(
            "copied a snapshot",
            metadata: [
                "snapshot": "\(snapshot.id)", "to": "\(place)", "bytes": "\(snapshot.manifest.size)",
                "duration_ms": .stringConvertible((ContinuousClock.now - start).milliseconds),
            ]
        )
        return true
    }

    /// Makes sure that nobody else's snapshots are there.
    private func checkOwner() async throws {
        guard !newest.isEmpty, let other = try await place.manifest(newest).inventory else { return }
        guard other == store.inventory else { throw ForeignCopies(place: place) }
    }

    private func prune(_ copied: [String]) async throws {
        guard let retention else { return }
        let items = copied.compactMap { id in
            SnapshotID.date(of: id).map { Retention.Item(id: id, date: $0, sequence: 0) }
        }
        let plan = retention.plan(items, reachesBeginning: false, now: Date())
        for id in plan.removed {
            try await place.remove(id)
            logger.info("removed a copy", metadata: ["snapshot": "\(id)", "from": "\(place)"])
        }
    }
}

/// Another inventory has its copies where this one is to have its own.
struct ForeignCopies: Error, CustomStringConvertible {
    let place: CopyPlace

    var description: String { "there are snapshots of another inventory at \(place); give each a place of its own" }
}
