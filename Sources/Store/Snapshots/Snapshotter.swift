import DuckDB
import Foundation
import Inventory
import Logging

/// Takes snapshots, one at a time, beside the work of the server.
actor Snapshotter {
    private let projection: Projection
    private let folder: SnapshotFolder
    private let keep: Int
    private let logger: Logger
    /// The snapshot that was restored or taken last.
    private var last: Snapshot?
    /// The sequence number up to which nothing needs to be saved: that of the start, then of the last snapshot.
    private var savedSequence: UInt64
    private nonisolated let executor = SerialQueueExecutor(label: "snapshotter", qos: .utility)

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - keep: How many snapshots stay when a new one is taken.
    ///   - restored: The snapshot that the inventory began with.
    ///   - sequence: The sequence number that the inventory began with.
    init(
        projection: Projection,
        folder: SnapshotFolder,
        keep: Int,
        restored: Snapshot?,
        sequence: UInt64,
        logger: Logger
    ) {
        self.projection = projection
        self.folder = folder
        self.keep = keep
        last = restored
        savedSequence = sequence
        self.logger = logger
    }

    /// Takes a snapshot if anything was written since the start, or since the last one.
    func takeIfChanged() async throws {
        guard try await projection.catchUp() > savedSequence else { return }
        _ = try await take()
    }

    /// Takes a snapshot, or finds that the last holds all there is.
    ///
    /// - Returns: The snapshot, and whether it is new.
    func take() async throws -> (snapshot: Snapshot, isNew: Bool) {
        let (connection, sequence) = try await projection.frozenConnection()
        if let last, last.manifest.sequence == sequence, try folder.contains(last.id) { return (last, false) }
        let start = ContinuousClock.now
        try Durable.createFolder(folder.path)
        let now = Date()
        let id = try folder.newID(at: now)
        let partial = folder.partialFolder(id)
        do {
            try Durable.createFolder(partial)
            try write(connection, sequence: sequence, at: now, to: partial)
            try Durable.move(partial, to: folder.folder(id))
        } catch {
            discard(partial)
            throw error
        }
        let snapshot = try folder.snapshot(id)
        last = snapshot
        savedSequence = sequence
        logger.info(
            "took a snapshot",
            metadata: [
                "snapshot": "\(id)", "sequence": "\(sequence)",
                "resources": "\(Kind.allCases.reduce(0) { $0 + snapshot.manifest.rows(of: $1) })",
                "duration_ms": .stringConvertible((ContinuousClock.now - start).milliseconds),
            ]
        )
        prune()
        return (snapshot, true)
    }

    private func write(_ connection: Connection, sequence: UInt64, at date: Date, to folder: URL) throws {
        var files: [String: SnapshotManifest.File] = [:]
        for table in ProjectionTable.all {
            let name = Snapshot.fileName(of: table.kind)
            let file = folder.appending(path: name)
            let count = try connection.query(table.copyStatement(to: file)).rowsChanged
            try Durable.sync(file)
            files[name] = try Snapshot.describe(file)
            files[name]?.rows = count
        }
        let scripts = [
            "schema.sql": ProjectionTable.all.map(\.createStatement),
            "load.sql": ProjectionTable.all.map(\.loadStatement),
        ]
        for (name, statements) in scripts {
            let file = folder.appending(path: name)
            try Durable.create(file, Array((statements.joined(separator: "\n") + "\n").utf8))
            files[name] = try Snapshot.describe(file)
        }
        let manifest = SnapshotManifest(
            sequence: sequence,
            createdAt: Timestamp(microseconds: Int64(date.timeIntervalSince1970 * 1000) * 1000).description,
            program: "node-orchestrator \(Version.current), DuckDB \(Database.libraryVersion)",
            files: files
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = try encoder.encode(manifest) + Data("\n".utf8)
        try Durable.create(folder.appending(path: Snapshot.manifestName), Array(json))
        try Durable.sync(folder)
    }

    /// Removes the oldest snapshots above the number to keep. What cannot be removed is tried again next time.
    private func prune() {
        do {
            for id in try folder.ids().dropFirst(keep) {
                try folder.remove(id)
                logger.info("removed an old snapshot", metadata: ["snapshot": "\(id)"])
            }
        } catch {
            logger.warning("an old snapshot stays", metadata: ["reason": "\(error)"])
        }
    }

    private func discard(_ partial: URL) {
        do {
            try folder.delete(partial)
        } catch {
            logger.warning("part of a snapshot stays until the next start", metadata: ["reason": "\(error)"])
        }
    }

    /// The snapshots that can be read, newest first.
    func list() throws(DiskError) -> [Snapshot] {
        try folder.ids().compactMap { id in
            do throws(SnapshotError) {
                return try folder.snapshot(id)
            } catch {
                logger.warning("a snapshot cannot be used", metadata: ["snapshot": "\(id)", "reason": "it \(error)"])
                return nil
            }
        }
    }

    /// Removes a snapshot.
    ///
    /// - Returns: False when there is none of that id.
    func remove(_ id: String) throws(DiskError) -> Bool {
        guard try folder.contains(id) else { return false }
        try folder.remove(id)
        logger.info("removed a snapshot", metadata: ["snapshot": "\(id)"])
        return true
    }
}
