import DuckDB
package import Foundation
package import Inventory
package import Logging
import ServiceLifecycle

/// The inventory: resources in memory, changed by transactions and kept on disk as snapshots.
///
/// As a service it merges changes into the projection, takes snapshots in time, and takes the last one when it is
/// asked to stop, which must be after whatever writes to it has stopped.
package final class InventoryStore: Service {
    package let directory: Directory
    package let intake: Intake
    private let committer: Committer
    private let projection: Projection
    private let snapshotter: Snapshotter
    private let configuration: Configuration
    private let lock: FolderLock
    private let logger: Logger

    /// Where the inventory is kept, and how.
    package struct Configuration: Sendable {
        /// The folder of everything that the server keeps.
        package var dataDirectory: URL
        /// The folder of the snapshots.
        package var snapshotDirectory: URL
        /// Time from one snapshot to the next; nil for none but the last.
        package var snapshotInterval: Duration?
        /// How many snapshots are kept, at least 1.
        package var snapshotsToKeep: Int
        /// Whether the newest snapshot is loaded; if not, there must be none.
        package var restores: Bool

        package init(
            dataDirectory: URL,
            snapshotDirectory: URL? = nil,
            snapshotInterval: Duration? = .seconds(3600),
            snapshotsToKeep: Int = 24,
            restores: Bool = true
        ) {
            self.dataDirectory = dataDirectory
            self.snapshotDirectory = snapshotDirectory ?? dataDirectory.appending(path: "snapshots")
            self.snapshotInterval = snapshotInterval
            self.snapshotsToKeep = snapshotsToKeep
            self.restores = restores
        }

        /// The folder of the keys.
        package var keyDirectory: URL { dataDirectory.appending(path: "keys") }
    }

    /// Opens the inventory of a data directory, which is made where it does not exist.
    ///
    /// The newest good snapshot is loaded; without one the inventory is empty.
    package init(_ configuration: Configuration, logger: Logger) async throws {
        self.configuration = configuration
        self.logger = logger
        try Durable.createFolder(configuration.dataDirectory)
        lock = try FolderLock(configuration.dataDirectory)
        let key = try KeyFile.load(configuration.keyDirectory.appending(path: "credential.key"))
        let sealer = try SecretSealer(key: key.key)
        directory = Directory()
        intake = try Intake(directory: directory, sealer: sealer)
        projection = try Projection(
            temporaryDirectory: configuration.dataDirectory.appending(path: "tmp"),
            logger: logger
        )
        let folder = SnapshotFolder(configuration.snapshotDirectory)
        let (restored, sequence) = try await Self.restore(folder, configuration, to: projection, directory, logger)
        let foreign = directory.count(where: { $0.secrets.values.contains { $0.keyID != sealer.keyID[...] } })
        if foreign > 0 {
            logger.error(
                "the secrets of some resources were sealed with another credential key and cannot be opened",
                metadata: ["resources": "\(foreign)", "key": "\(sealer.keyID)"]
            )
        }
        projection.begin(at: sequence)
        committer = Committer(directory: directory, projection: projection, sequence: sequence)
        snapshotter = Snapshotter(
            projection: projection,
            folder: folder,
            keep: configuration.snapshotsToKeep,
            restored: restored,
            sequence: sequence,
            logger: logger
        )
    }

    /// - Returns: The snapshot that was restored, and the sequence number of the last transaction that any knows of.
    /// - Throws: When a snapshot is of a format that only another version of the program reads: to go on without it
    ///   would be to lose what it holds.
    private static func restore(
        _ folder: SnapshotFolder,
        _ configuration: Configuration,
        to projection: Projection,
        _ directory: Directory,
        _ logger: Logger
    ) async throws -> (snapshot: Snapshot?, sequence: UInt64) {
        try folder.removePartial()
        let ids = try folder.ids()
        guard configuration.restores || ids.isEmpty else {
            throw DiskError(
                message: "--no-restore starts with an empty inventory, but \(folder.path.path) holds "
                    + "\(ids.count) snapshots; move them away or use another data directory"
            )
        }
        var sequence: UInt64 = 0
        for id in ids {
            do {
                let start = ContinuousClock.now
                let snapshot = try folder.snapshot(id)
                sequence = max(sequence, snapshot.manifest.sequence)
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
                return (snapshot, sequence)
            } catch SnapshotError.unknownFormat(let format) {
                throw DiskError(message: "the snapshot \(id) \(SnapshotError.unknownFormat(format))")
            } catch {
                logger.warning("skipped a snapshot", metadata: ["snapshot": "\(id)", "reason": "\(error)"])
            }
        }
        logger.warning("no snapshot to restore: the inventory is empty", metadata: ["folder": "\(folder.path.path)"])
        return (nil, sequence)
    }

    // MARK: Reading

    /// The resource that a client's reference names.
    package func resource(_ kind: Kind, _ reference: String) -> (id: UUID, stored: StoredResource)? {
        directory.resource(kind, reference: kind.reference(reference))
    }

    /// The resources that match a search, in the order of their identifiers.
    ///
    /// Every change that was answered before is seen.
    package func resources(_ search: Search) async throws -> [StoredResource] {
        if search.matchesAll { return directory.all(search.kind).map(\.stored) }
        return try await projection.search(search)
    }

    // MARK: Writing

    /// Carries out a transaction.
    ///
    /// - Returns: What became of each operation's resource, in their order.
    /// - Throws: Every problem that was found; nothing is changed then.
    package func commit(_ transaction: Transaction) async throws(Refusal) -> [Outcome] {
        try await committer.commit(transaction)
    }

    // MARK: Snapshots

    /// The snapshots that can be read, newest first.
    package func snapshots() async throws -> [Snapshot] {
        try await snapshotter.list()
    }

    /// Takes a snapshot, or finds that the newest holds all there is.
    ///
    /// - Returns: The snapshot, and whether it is new.
    package func takeSnapshot() async throws -> (snapshot: Snapshot, isNew: Bool) {
        try await snapshotter.take()
    }

    /// Removes a snapshot.
    ///
    /// - Returns: False when there is none of that id.
    package func removeSnapshot(_ id: String) async throws -> Bool {
        try await snapshotter.remove(id)
    }

    // MARK: Service

    /// How long changes wait at most before they are merged into the projection.
    private static let mergeInterval = Duration.milliseconds(250)

    /// Works until the service group shuts down, then takes the last snapshot.
    package func run() async throws {
        await withTaskGroup { group in
            group.addTask { await self.every(Self.mergeInterval) { try await self.projection.catchUp() } }
            if let interval = configuration.snapshotInterval {
                group.addTask { await self.every(interval) { try await self.snapshotter.takeIfChanged() } }
            }
            await group.waitForAll()
        }
        // Whatever still comes in, from requests that outlast their time, is refused rather than lost.
        await committer.close()
        try await snapshotter.takeIfChanged()
    }

    /// Does something again and again until the service group shuts down; a failure is reported, not the end.
    private func every(_ interval: Duration, _ body: @escaping @Sendable () async throws -> Void) async {
        await cancelWhenGracefulShutdown {
            while true {
                do {
                    try await Task.sleep(for: interval)
                } catch {
                    return
                }
                do {
                    try await body()
                } catch {
                    self.logger.error("background work failed", metadata: ["reason": "\(error)"])
                }
            }
        }
    }
}
