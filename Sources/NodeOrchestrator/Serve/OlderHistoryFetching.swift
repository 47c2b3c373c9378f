import Copies
import Foundation
import GuardedFiles
import HTTPSupport
import Logging
import NIOSSL
import Records
import Replication
import Scheduling
import ServiceLifecycle
import Store
import Tables

/// Gets the history from other servers from before the snapshot with which this one has joined the log, beside its other work.
actor OlderHistoryFetching: Service {
    private let store: InventoryStore
    private let replica: ReplicaStatus
    private let name: String
    private let tls: TLSConfiguration?
    private let maximumSize: Int
    private let logger: Logger
    private var fault = RepeatedFault()
    private nonisolated let executor = ThreadExecutor(label: "older history", givesWay: true)

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// How long is waited before it is tried again: longer each time.
    private static let (firstPause, longestPause) = (Duration.seconds(1), Duration.seconds(300))

    /// - Parameters:
    ///   - name: The name of this server.
    ///   - maximumSize: Bytes of the journal at most.
    init(
        store: InventoryStore,
        replica: ReplicaStatus,
        name: String,
        tls: TLSConfiguration?,
        maximumSize: Int,
        logger: Logger
    ) {
        self.store = store
        self.replica = replica
        self.name = name
        self.tls = tls
        self.maximumSize = maximumSize
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await self.fetchAll() }
        // The end of a service would be the end of the server.
        try await gracefulShutdown()
    }

    private func fetchAll() async {
        var pause = Self.firstPause
        do {
            while try await !fetchFromOthers() {
                try await Task.sleep(for: pause)
                pause = min(pause * 2, Self.longestPause)
            }
        } catch {
            // The server stops; the next start goes on.
        }
    }

    /// Gets what there is, first at the server that goes back furthest.
    ///
    /// - Returns: False where older history that is wanted may yet be found.
    /// - Throws: `CancellationError`.
    private func fetchFromOthers() async throws -> Bool {
        let others = replica.replicas.filter { $0.url != replica.url && $0.isAlive }
        for other in others.sorted(by: { $0.oldest < $1.oldest }) {
            do {
                guard try await fetch(from: other) else { continue }
                try await store.olderHistory.isComplete()
                logger.notice(
                    "the history from before this server joined is there",
                    metadata: ["oldest": "\(replica.oldest)", "from": "\(other.url)"]
                )
                return true
            } catch {
                try Task.checkCancellation()
                if fault.begin("\(other.url): \(error)") {
                    logger.warning(
                        "older history cannot be had now",
                        metadata: ["from": "\(other.url)", "reason": "\(error)"]
                    )
                }
            }
        }
        return false
    }

    /// - Returns: Whether all is here that this server keeps.
    private func fetch(from replica: Replica) async throws -> Bool {
        guard let key = store.replicaKeys.first else { return false }
        let history = store.olderHistory
        let other = OtherReplica(
            url: replica.url,
            client: ReplicaClient(name: name, key: key, tls: tls),
            disk: store.snapshotFolder.disk
        )
        let wanted = try await history.wanted(of: other.snapshots(), from: replica.oldest)
        var isWhole = wanted.isAll
        var snapshots = wanted.snapshots[...]
        while true {
            // Each behind the journal that goes on from it.
            while let next = snapshots.first, history.reaches(next) {
                try await add(snapshots.removeFirst(), of: other)
            }
            guard let (segment, file) = try history.nextSegment(downTo: wanted.oldest) else { break }
            do {
                try await other.fetch(segment, to: file, atMost: maximumSize)
            } catch let fault as ReplicaFault where fault.isMissing {
                // Another server may have it.
                isWhole = false
                break
            }
            guard try await history.add(segment, file) else { break }
        }
        for snapshot in snapshots { try await add(snapshot, of: other) }
        return isWhole
    }

    /// Gets a snapshot, unless the other server has it no more, or damaged.
    private func add(_ snapshot: Retention.Item, of other: OtherReplica) async throws {
        let reason: String
        do {
            let offer = try await other.snapshot(snapshot.id)
            if try store.olderHistory.fits(offer.manifest) { return try await add(offer, of: other) }
            reason = "it is not of the past that is here"
        } catch let fault as ReplicaFault where fault.isMissing {
            reason = fault.description
        } catch let error as SnapshotError {
            reason = error.description
        }
        logger.warning(
            "an older snapshot is left out",
            metadata: ["from": "\(other.url)", "snapshot": "\(snapshot.id)", "reason": "\(reason)"]
        )
    }

    private func add(_ offer: OtherReplica.Offer, of other: OtherReplica) async throws {
        let folder = store.snapshotFolder
        let known = try folder.readable()
        do {
            try await folder.add(offer.id) { try await other.fetch(offer, to: $0, sharing: known) }
        } catch is SnapshotError where !known.isEmpty {
            // It may be a file from here that is damaged.
            try await folder.add(offer.id) { try await other.fetch(offer, to: $0) }
        }
    }
}
