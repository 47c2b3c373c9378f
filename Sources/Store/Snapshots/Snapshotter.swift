import DuckDB
import Foundation
import Inventory
import Journal
import Logging
import Records
import Replication
import Scheduling
import Schema
import Synchronization
import Tables

/// Takes snapshots, one at a time, beside the work of the server.
actor Snapshotter {
    private let projection: Projection
    let committer: Committer
    let journal: PublishedJournal
    nonisolated let folder: SnapshotFolder
    nonisolated let inventory: UUID
    private let retention: Retention?
    /// What a segment of the journal has at least, in bytes, for a snapshot to close it.
    private let minimumSegmentSize: Int
    private let requests: DoneRequests
    let replica: ReplicaStatus?
    /// Whether older history is still to come, so that what there is of the journal is needed.
    var lacksHistory: Bool
    /// Whether the journal is being made shorter or longer at its beginning.
    var isJournalBusy = false
    private let logger: Logger
    /// Says that there is a new snapshot, for the one who waits for that.
    nonisolated let taken: AsyncStream<Void>
    private let tell: AsyncStream<Void>.Continuation
    /// The snapshot that was loaded or taken last.
    private var last: Snapshot? {
        didSet {
            lastTime.withLock { $0 = last.flatMap { SnapshotID.date(of: $0.id) } }
            replica?.hasSnapshot(through: last?.manifest.sequence ?? 0)
        }
    }
    /// When it was taken.
    nonisolated let lastTime: Mutex<Date?>
    private nonisolated let executor = ThreadExecutor(label: "snapshotter", givesWay: true)

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter loaded: The snapshot that the inventory began with.
    init(
        projection: Projection,
        committer: Committer,
        journal: PublishedJournal,
        folder: SnapshotFolder,
        inventory: UUID,
        retention: Retention?,
        minimumSegmentSize: Int,
        requests: DoneRequests,
        loaded: Snapshot?,
        lacksHistory: Bool,
        replica: ReplicaStatus?,
        logger: Logger
    ) {
        self.projection = projection
        self.committer = committer
        self.journal = journal
        self.folder = folder
        self.inventory = inventory
        self.retention = retention
        self.minimumSegmentSize = minimumSegmentSize
        self.requests = requests
        self.lacksHistory = lacksHistory
        self.replica = replica
        last = loaded
        replica?.hasSnapshot(through: loaded?.manifest.sequence ?? 0)
        lastTime = Mutex(loaded.flatMap { SnapshotID.date(of: $0.id) })
        self.logger = logger
        (taken, tell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes a snapshot if anything was written that the last one does not have.
    ///
    /// - Parameter closesSegment: Whether the journal before it can be removed then, however little that is.
    func takeIfChanged(closesSegment: Bool = false) async throws {
        guard try await projection.catchUp() > last?.manifest.sequence ?? 0 else { return }
        _ = try await take(closesSegment: closesSegment)
    }

    /// Takes a snapshot, or finds that the last holds all there is.
    ///
    /// - Parameter closesSegment: Whether the journal before it can be removed then, however little that is.
    /// - Returns: The snapshot, and whether it is new.
    func take(closesSegment: Bool = false) async throws -> (snapshot: Snapshot, isNew: Bool) {
        try await committer.rotate(at: closesSegment ? 0 : minimumSegmentSize)
        let tables = try await projection.pin()
        // A snapshot is never ahead of the journal: the next start goes on behind both.
        try await committer.sync()
        let taken = try await tables.connection.interruptHandle.cancellable { try write(tables) }
        guard taken.isNew else { return taken }
        do {
            _ = try await prune()
        } catch {
            // What cannot be removed is tried again next time.
            logger.warning("an old file could not be removed", metadata: ["reason": "\(error)"])
        }
        return taken
    }

    /// Writes a snapshot, without awaiting anything, so that one is finished before another begins.
    private func write(_ tables: Projection.PinnedTables) throws -> (snapshot: Snapshot, isNew: Bool) {
        if let last, last.manifest.sequence >= tables.position.sequence, try folder.contains(last.id) {
            return (last, false)
        }
        let start = ContinuousClock.now
        let snapshot = try write(tables, withSecrets: true, to: folder)
        last = snapshot
        tell.yield()
        logger.info(
            "took a snapshot",
            metadata: [
                "snapshot": "\(snapshot.id)", "sequence": .stringConvertible(tables.position.sequence),
                "resources": .stringConvertible(snapshot.manifest.resourceCount),
                "duration_ms": .stringConvertible((ContinuousClock.now - start).milliseconds),
            ]
        )
        return (snapshot, true)
    }

    /// Writes the inventory as it is to another folder, as a snapshot without sealed secrets.
    func export(to folder: SnapshotFolder) async throws -> Snapshot {
        let tables = try await projection.pin()
        return try await tables.connection.interruptHandle.cancellable {
            try write(tables, withSecrets: false, to: folder)
        }
    }

    private func write(
        _ tables: Projection.PinnedTables,
        withSecrets: Bool,
        to folder: SnapshotFolder
    ) throws -> Snapshot {
        try folder.disk.createFolder(folder.path)
        let now = Date()
        let id = try folder.newID(at: now)
        let partial = folder.partialFolder(id)
        do {
            try folder.disk.createFolder(partial)
            let helper = HelperThread(on: projection.database, givesWay: true)
            defer { helper.end() }
            try writeFiles(tables, withSecrets: withSecrets, at: now, to: partial)
            try folder.disk.move(partial, to: folder.folder(id))
        } catch {
            discard(partial)
            throw error
        }
        return try folder.snapshot(id)
    }

    private func writeFiles(
        _ tables: Projection.PinnedTables,
        withSecrets: Bool,
        at date: Date,
        to folder: URL
    ) throws {
        var files: [String: SnapshotManifest.File] = [:]
        func text(_ statements: [String]) -> [UInt8] { Array((statements.joined(separator: "\n") + "\n").utf8) }
        var texts = [
            Snapshot.schemaName: text(ResourceTable.all.map(\.exportStatement)),
            "load.sql": text(ResourceTable.all.map(\.loadStatement)),
        ]
        let done = withSecrets ? requests.all(through: tables.position.sequence) : []
        if !done.isEmpty { texts[Snapshot.requestsFileName] = Snapshot.lines(of: done) }
        for (name, text) in texts {
            let file = folder.appending(path: name)
            try self.folder.disk.create(file, text)
            files[name] = try Snapshot.describe(file)
        }
        let hasSameFields = last?.manifest.files[Snapshot.schemaName] == files[Snapshot.schemaName]
        for table in ResourceTable.all {
            if hasSameFields,
                let linked = try link(
                    table.kind,
                    tables.lastChanges[table.kind]?.sequence,
                    withSecrets: withSecrets,
                    to: folder
                )
            {
                files.merge(linked) { $1 }
                continue
            }
            var statements = [Snapshot.fileName(of: table.kind): table.copyStatement(to:)]
            if withSecrets, table.kind.resourceType.hasSecrets {
                statements[Snapshot.secretsFileName(of: table.kind)] = table.copySecretsStatement(to:)
            }
            for (name, statement) in statements {
                let file = folder.appending(path: name)
                let count = try tables.connection.query(statement(file)).rowsChanged
                try self.folder.disk.adopt(file)
                try self.folder.disk.sync(file)
                files[name] = try Snapshot.describe(file)
                files[name]?.rows = count
            }
        }
        let manifest = SnapshotManifest(
            position: tables.position,
            inventory: inventory,
            createdAt: Timestamp(millisecondOf: date).millisecondText,
            program: "\(Version.program), DuckDB \(Database.libraryVersion)",
            files: files
        )
        try self.folder.disk.create(folder.appending(path: Snapshot.manifestName), Array(manifest.json))
        try self.folder.disk.sync(folder)
    }

    /// Gives a kind that has not changed the files of the snapshot before.
    ///
    /// - Returns: What the manifest says of the files; nil where they must be written.
    private func link(
        _ kind: Kind,
        _ lastChange: UInt64?,
        withSecrets: Bool,
        to folder: URL
    ) throws(DiskError) -> [String: SnapshotManifest.File]? {
        guard let last, last.manifest.format == DiskFormat.current, last.manifest.kinds.contains(kind),
            lastChange ?? 0 <= last.manifest.sequence, try self.folder.contains(last.id)
        else { return nil }
        do throws(SnapshotError) {
            // What is damaged must not be handed on.
            try last.verify(kind)
        } catch {
            logger.warning("a snapshot is damaged", metadata: ["snapshot": "\(last.id)", "reason": "it \(error)"])
            return nil
        }
        let names = [Snapshot.fileName(of: kind)] + (withSecrets ? [Snapshot.secretsFileName(of: kind)] : [])
        let files = last.manifest.files.filter { names.contains($0.key) }
        var linked: [URL] = []
        do throws(DiskError) {
            for name in files.keys {
                let file = folder.appending(path: name)
                try self.folder.disk.link(last.folder.appending(path: name), to: file)
                linked.append(file)
            }
        } catch {
            // Not every file system has links. Nothing may be written over one.
            logger.debug("a file of a snapshot is written again", metadata: ["reason": "\(error)"])
            for file in linked { try self.folder.disk.remove(file) }
            return nil
        }
        return files
    }

    /// Removes what need not be kept.
    ///
    /// - Returns: The ids of the snapshots that were removed.
    func prune() async throws -> [String] {
        guard let retention else { return [] }
        let plan = try folder.prune(retention, reachesBeginning: journal.oldest == 1, at: Date(), logger)
        guard let plan else { return [] }
        let count = lacksHistory ? 0 : try await pruneJournal(upTo: plan.oldest)
        if count > 0 {
            logger.info(
                "removed old history",
                metadata: ["segments": .stringConvertible(count), "oldest": .stringConvertible(plan.oldest)]
            )
        }
        try reportOldest()
        return plan.removed
    }

    /// Removes the segments of the journal of which nothing is needed.
    ///
    /// - Returns: How many were removed.
    private func pruneJournal(upTo oldest: UInt64) async throws -> Int {
        guard !isJournalBusy, let last = journal.removable(upTo: oldest).last,
            let first = journal.segments.first(where: { $0.first > last.first })?.first
        else { return 0 }
        isJournalBusy = true
        defer { isJournalBusy = false }
        // First the head, since it would miss them.
        try await committer.keepFiles(from: first)
        // Others may have removed segments meanwhile, or the snapshot that makes up for these.
        guard try folder.readable().contains(where: { $0.manifest.sequence + 1 >= first }) else { return 0 }
        let removed = journal.segments.filter { $0.first < first }
        try journal.remove(removed)
        try reportOldest()
        return removed.count
    }

    /// Forgets the oldest history until the journal is not larger than a size, and takes a snapshot for that if it must.
    func shrinkJournal(to size: Int) async throws {
        try await dropHistory(to: size)
        guard journal.size > size else { return }
        try await takeIfChanged(closesSegment: true)
        try await dropHistory(to: size)
    }

    private func dropHistory(to size: Int) async throws {
        for snapshot in try folder.readable().sorted(by: { $0.manifest.sequence < $1.manifest.sequence })
        where journal.size > size {
            let isOfUse = !journal.removable(upTo: snapshot.manifest.sequence).isEmpty && snapshot.isVerified
            guard isOfUse, try await pruneJournal(upTo: snapshot.manifest.sequence) > 0 else { continue }
            logger.warning(
                "dropped the oldest history: the journal was larger than it may be",
                metadata: [
                    "oldest": .stringConvertible(snapshot.manifest.sequence), "maximum_bytes": .stringConvertible(size),
                ]
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
        try reportOldest()
        return true
    }
}
