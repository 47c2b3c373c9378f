import DuckDB
import Foundation
import Inventory
import Logging

/// Takes snapshots, one at a time, beside the work of the server.
actor Snapshotter {
    private let projection: Projection
    private let committer: Committer
    private let journal: Journal
    private let folder: SnapshotFolder
    private let retention: Retention?
    private let logger: Logger
    /// The snapshot that was restored or taken last.
    private var last: Snapshot?
    private nonisolated let executor = ThreadExecutor(label: "snapshotter", givesWay: true)

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter restored: The snapshot that the inventory began with.
    init(
        projection: Projection,
        committer: Committer,
        journal: Journal,
        folder: SnapshotFolder,
        retention: Retention?,
        restored: Snapshot?,
        logger: Logger
    ) {
        self.projection = projection
        self.committer = committer
        self.journal = journal
        self.folder = folder
        self.retention = retention
        last = restored
        self.logger = logger
    }

    /// Takes a snapshot if anything was written that the last one does not have.
    func takeIfChanged() async throws {
        guard try await projection.catchUp() > last?.manifest.sequence ?? 0 else { return }
        _ = try await take()
    }

    /// Takes a snapshot, or finds that the last holds all there is.
    ///
    /// - Returns: The snapshot, and whether it is new.
    func take() async throws -> (snapshot: Snapshot, isNew: Bool) {
        try await committer.rotate()
        let frozen = try await projection.freeze()
        // A snapshot is never ahead of the journal: the next start goes on behind both.
        try await committer.sync()
        let result = Result { try write(frozen) }
        try await projection.leaveRoom()
        return try result.get()
    }

    /// Writes a snapshot, without awaiting anything, so that one is finished before another begins.
    private func write(_ frozen: Projection.Frozen) throws -> (snapshot: Snapshot, isNew: Bool) {
        if let last, last.manifest.sequence >= frozen.sequence, try folder.contains(last.id) { return (last, false) }
        let start = ContinuousClock.now
        try folder.disk.createFolder(folder.path)
        let now = Date()
        let id = try folder.newID(at: now)
        let partial = folder.partialFolder(id)
        do {
            try folder.disk.createFolder(partial)
            try frozen.takeRoom()
            try write(frozen, at: now, to: partial)
            try folder.disk.move(partial, to: folder.folder(id))
        } catch {
            discard(partial)
            throw error
        }
        let snapshot = try folder.snapshot(id)
        last = snapshot
        logger.info(
            "took a snapshot",
            metadata: [
                "snapshot": "\(id)", "sequence": "\(frozen.sequence)",
                "resources": "\(Kind.allCases.reduce(0) { $0 + snapshot.manifest.rows(of: $1) })",
                "duration_ms": .stringConvertible((ContinuousClock.now - start).milliseconds),
            ]
        )
        do {
            _ = try prune()
        } catch {
            // What cannot be removed is tried again next time.
            logger.warning("something old stays", metadata: ["reason": "\(error)"])
        }
        return (snapshot, true)
    }

    private func write(_ frozen: Projection.Frozen, at date: Date, to folder: URL) throws {
        var files: [String: SnapshotManifest.File] = [:]
        let scripts = [
            Snapshot.schemaName: ProjectionTable.all.map(\.createStatement),
            "load.sql": ProjectionTable.all.map(\.loadStatement),
        ]
        for (name, statements) in scripts {
            let file = folder.appending(path: name)
            try self.folder.disk.create(file, Array((statements.joined(separator: "\n") + "\n").utf8))
            files[name] = try Snapshot.describe(file)
        }
        let hasSameFields = last?.manifest.files[Snapshot.schemaName] == files[Snapshot.schemaName]
        for table in ProjectionTable.all {
            let name = Snapshot.fileName(of: table.kind)
            let file = folder.appending(path: name)
            if hasSameFields, let linked = try link(table.kind, frozen.lastChanges[table.kind], to: file) {
                files[name] = linked
                continue
            }
            let count = try frozen.connection.query(table.copyStatement(to: file)).rowsChanged
            try self.folder.disk.sync(file)
            files[name] = try Snapshot.describe(file)
            files[name]?.rows = count
        }
        let manifest = SnapshotManifest(
            sequence: frozen.sequence,
            createdAt: Timestamp(microseconds: Int64(date.timeIntervalSince1970 * 1000) * 1000).millisecondText,
            program: "node-orchestrator \(Version.current), DuckDB \(Database.libraryVersion)",
            files: files
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = try encoder.encode(manifest) + Data("\n".utf8)
        try self.folder.disk.create(folder.appending(path: Snapshot.manifestName), Array(json))
        try self.folder.disk.sync(folder)
    }

    /// Gives a kind that has not changed the file of the snapshot before.
    ///
    /// - Returns: What the manifest says of the file; nil where it must be written.
    private func link(
        _ kind: Kind,
        _ lastChange: UInt64?,
        to file: URL
    ) throws(DiskError) -> SnapshotManifest.File? {
        guard let last, lastChange ?? 0 <= last.manifest.sequence, try folder.contains(last.id) else { return nil }
        do throws(SnapshotError) {
            // What is damaged must not be handed on.
            try last.verify(kind)
        } catch {
            logger.warning("a snapshot is damaged", metadata: ["snapshot": "\(last.id)", "reason": "it \(error)"])
            return nil
        }
        do throws(DiskError) {
            try folder.disk.link(last.file(of: kind), to: file)
        } catch {
            // Not every file system has links.
            logger.debug("a file of a snapshot is written again", metadata: ["reason": "\(error)"])
            return nil
        }
        return last.manifest.files[Snapshot.fileName(of: kind)]
    }

    /// Removes what need not be kept.
    ///
    /// - Returns: The ids of the snapshots that were removed.
    func prune() throws -> [String] {
        try retention.map { try folder.prune($0, journal, at: Date(), logger) } ?? []
    }

    /// Forgets the oldest history until the journal is not larger than a size, and takes a snapshot for that if it must.
    func shrinkJournal(to size: Int) async throws {
        try dropHistory(to: size)
        guard journal.size > size else { return }
        try await takeIfChanged()
        try dropHistory(to: size)
    }

    private func dropHistory(to size: Int) throws {
        for snapshot in try folder.readable().sorted(by: { $0.manifest.sequence < $1.manifest.sequence })
        where journal.size > size && snapshot.isVerified {
            guard try journal.prune(upTo: snapshot.manifest.sequence) > 0 else { continue }
            logger.warning(
                "dropped the oldest history: the journal was larger than it may be",
                metadata: ["oldest": "\(snapshot.manifest.sequence)", "maximum_bytes": .stringConvertible(size)]
            )
        }
    }

    private func discard(_ partial: URL) {
        do {
            try folder.disk.remove(partial)
        } catch {
            logger.warning("part of a snapshot stays until the next start", metadata: ["reason": "\(error)"])
        }
    }

    /// The snapshots that can be read, newest first.
    func list() throws(DiskError) -> [Snapshot] {
        try folder.readable { id, error in
            logger.warning("a snapshot cannot be used", metadata: ["snapshot": "\(id)", "reason": "it \(error)"])
        }
    }

    /// Removes a snapshot.
    ///
    /// - Returns: False when there is none of that id.
    func remove(_ id: String) throws -> Bool {
        guard try folder.contains(id) else { return false }
        try folder.removeUnlessOnly(id, journal)
        logger.info("removed a snapshot", metadata: ["snapshot": "\(id)"])
        return true
    }
}
