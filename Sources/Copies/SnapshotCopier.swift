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
package struct SnapshotCopier: Service {
    private let store: InventoryStore
    private let place: CopyPlace
    /// Which copies are kept; nil for all.
    private let retention: Retention?
    private let logger: Logger

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
        await cancelWhenGracefulShutdown { await follow() }
        do {
            try await withTimeLimit(Self.stopLimit) { try await copyAll() }
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
                if isFirst { try await tidy() }
                isFirst = false
                try await copyAll()
                pause = Self.firstPause
                await taken.next()
            } catch {
                guard !Task.isCancelled else { return }
                Counter(label: "snapshot_copy_failures_total").increment()
                logger.warning(
                    "a snapshot could not be copied; it is tried again",
                    metadata: ["to": "\(place)", "reason": "\(error)", "in": "\(pause)"]
                )
                try? await Task.sleep(for: pause)  // A cancellation ends the loop.
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// The snapshots to copy, oldest first.
    private func pending(_ copied: [String]) throws -> [Snapshot] {
        let newest = copied.first ?? ""
        return try store.snapshotFolder.readable().filter { $0.id > newest }.reversed()
    }

    private func copyAll() async throws {
        var copied = try await place.ids()
        var waiting = try pending(copied)
        let gauge = Gauge(label: "snapshot_copies_waiting")
        while let snapshot = waiting.first {
            gauge.record(waiting.count)
            try Task.checkCancellation()
            try await checkOwner(of: copied.first, snapshot)
            // The store may have removed it meanwhile.
            if try store.snapshotFolder.contains(snapshot.id) {
                let start = ContinuousClock.now
                try await place.put(snapshot)
                copied.insert(snapshot.id, at: 0)
                Counter(label: "snapshot_copies_total").increment()
                logger.info(
                    "copied a snapshot",
                    metadata: [
                        "snapshot": "\(snapshot.id)", "to": "\(place)", "bytes": "\(snapshot.manifest.size)",
                        "duration_ms": .stringConvertible((ContinuousClock.now - start).milliseconds),
                    ]
                )
            }
            waiting = try pending(copied)
        }
        gauge.record(0)
        try await prune(copied)
    }

    /// Makes sure that nobody else's snapshots are there.
    private func checkOwner(of id: String?, _ snapshot: Snapshot) async throws {
        guard let id, let other = try await place.manifest(id).inventory, other != snapshot.manifest.inventory else {
            return
        }
        throw ForeignCopies(place: place)
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

    /// Removes what an earlier run has begun and never finished.
    private func tidy() async throws {
        let own = Set(try store.snapshotFolder.ids())
        switch place {
        case .folder(let folder): try folder.removePartial()
        case .storage(let storage): try await storage.removePartial { own.contains($0) }
        }
    }
}

/// Another inventory has its copies where this one is to have its own.
struct ForeignCopies: Error, CustomStringConvertible {
    let place: CopyPlace

    var description: String { "there are snapshots of another inventory at \(place); give each a place of its own" }
}
