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
    /// - Returns: False where that has to be tried again.
    /// - Throws: `CancellationError`.
    private func fetchFromOthers() async throws -> Bool {
        let others = replica.replicas.filter { $0.url != replica.url && $0.isAlive }
        var hasFailed = false
        for other in others.sorted(by: { $0.oldest < $1.oldest }) {
            do {
                try await fetch(from: other)
                guard !hasFailed else { continue }
                try await store.olderHistory.isComplete()
                logger.notice(
                    "the history from before this server joined is there",
                    metadata: ["oldest": "\(replica.oldest)", "from": "\(other.url)"]
                )
                return true
            } catch {
                try Task.checkCancellation()
                hasFailed = true
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

    private func fetch(from replica: Replica) async throws {
        guard let key = store.replicaKeys.first else { return }
        let (history, folder) = (store.olderHistory, store.snapshotFolder)
        let other = OtherReplica(
            url: replica.url,
            client: ReplicaClient(name: name, key: key, tls: tls),
            disk: folder.disk
        )
        let wanted = try await history.wanted(of: other.snapshots(), from: replica.oldest)
        while let (segment, file) = try history.nextSegment(downTo: wanted.oldest) {
            do {
                try await other.fetch(segment, to: file, atMost: maximumSize)
            } catch let fault as ReplicaFault where fault.isMissing {
                // The other server does not keep it any more.
                break
            }
            guard try await history.add(segment, file) else { break }
        }
        for id in wanted.snapshots {
            let snapshot = try await other.snapshot(id)
            guard try history.fits(snapshot.manifest) else {
                logger.warning(
                    "a snapshot is left out: it is not of the past that is here",
                    metadata: ["from": "\(other.url)", "snapshot": "\(id)"]
                )
                continue
            }
            let known = try folder.readable()
            try await folder.add(id) { try await other.fetch(snapshot, to: $0, sharing: known) }
        }
    }
}
