import Completeness
import Foundation
import Inventory
import Journal
import Logging
import Records
import Replication
import Scheduling
import Tables

/// Brings back to memory what an inventory has on disk.
struct InventoryStart {
    let configuration: StoreConfiguration
    let views: Views
    /// What the log has that the server shares with others; nil where it shares none.
    let shared: LogStart?
    let logger: Logger

    /// What was brought back.
    struct Loaded {
        /// The id of the inventory; a new one where there was nothing.
        var inventory: UUID
        /// The head as it was found.
        var head: JournalHead?
        /// The snapshots that belong to the inventory.
        var snapshots: SnapshotFolder
        /// The snapshot that it began with.
        var snapshot: Snapshot?
        /// The journal behind it.
        var recovery: JournalRecovery
    }

    /// Takes permissions from files of earlier starts that they should not give.
    func tightenFiles() throws(DiskError) {
        let directory = configuration.directory
        let disk = directory.disk
        try disk.tighten([directory.keys], to: .private, "keys", logger)
        let journal = [directory.journal, directory.head, directory.adoption]
        try disk.tighten(journal, to: disk.mode, "journal", logger)
        // Others may have been told to read them.
        if configuration.tightensSnapshots {
            try disk.tighten([directory.snapshots], to: disk.mode, "snapshots", logger)
        }
        try disk.tighten([directory.temporary], to: .private, "temporary files", logger)
        try disk.createFolder(directory.temporary, permissions: FileMode.private.folders)
    }

    /// Loads the newest good snapshot, and the journal behind it.
    ///
    /// - Throws: Where that would not be all that was ever acknowledged.
    func load() async throws -> Loaded {
        var files = try DataFiles(configuration.directory)
        guard configuration.loads || files.isEmpty else {
            throw InventoryFound(
                folder: configuration.directory.path.path,
                snapshots: files.snapshots.count,
                segments: files.segments.count
            )
        }
        if files.isOfFirstFormat {
            try Adoption.adopt(files, logger: logger, progress: configuration.replayProgress)
            files = try DataFiles(configuration.directory)
        }
        try files.check()
        let inventory = try shared?.inventory(local: files.inventory) ?? files.inventory ?? .version7()
        let snapshots = files.snapshots(of: inventory)
        try snapshots.removePartial()
        try JournalFolder(files.directory.journal, disk: files.directory.disk).removePartial()
        let snapshot = try await loadSnapshot(files, snapshots)
        if snapshot == nil, !files.snapshots.isEmpty, files.segments.isEmpty {
            throw JournalError.incomplete([.noGoodSnapshot(snapshots.path, count: files.snapshots.count)])
        }
        let recovery = try await replay(files, after: snapshot)
        reportBrokenRules()
        if recovery.tip == .beginning { logger.notice("the inventory is empty") }
        return Loaded(
            inventory: inventory,
            head: files.readHead,
            snapshots: snapshots,
            snapshot: snapshot,
            recovery: recovery
        )
    }

    /// - Returns: The snapshot that was loaded; nil when none can be used.
    /// - Throws: When a snapshot has what only another version of the program knows: to go on without it could be to lose
    ///   what it holds.
    private func loadSnapshot(_ files: DataFiles, _ folder: SnapshotFolder) async throws -> Snapshot? {
        for id in files.snapshots.map(\.id) {
            do {
                let start = ContinuousClock.now
                let snapshot = try folder.snapshot(id)
                try snapshot.verify()
                let unknown = try await views.load(snapshot)
                for request in try snapshot.requests() { views.requests.add(request) }
                try drop(unknown, snapshot.folder, snapshot.manifest.program)
                logger.info(
                    "loaded a snapshot",
                    metadata: [
                        "snapshot": "\(id)", "sequence": .stringConvertible(snapshot.manifest.sequence),
                        "resources": .stringConvertible(Kind.allCases.reduce(0) { $0 + views.directory.count($1) }),
                        "duration_ms": .stringConvertible((ContinuousClock.now - start).milliseconds),
                    ]
                )
                return snapshot
            } catch let error as JournalError {
                throw error
            } catch {
                logger.warning("skipped a snapshot", metadata: ["snapshot": "\(id)", "reason": "\(error)"])
            }
        }
        return nil
    }

    private func replay(_ files: DataFiles, after snapshot: Snapshot?) async throws -> JournalRecovery {
        let start = ContinuousClock.now
        let first = try files.start(after: snapshot?.manifest.sequence ?? 0) ?? 0
        let total = try files.segments[first...].reduce(0) { $0 + (try $1.file.size) }
        var replay = JournalReplay()
        let recovery = try JournalRecovery.read(
            files,
            after: snapshot,
            disk: files.directory.disk,
            logger: logger,
            progress: { configuration.replayProgress($0, total) },
            visit: { replay.add($0) }
        )
        let unknown = try replay.apply(to: views, through: recovery.tip)
        let programs = replay.programs.subtracting([Version.program]).sorted().joined(separator: ", ")
        try drop(unknown, files.directory.journal, programs.isEmpty ? nil : programs)
        // Larger tables are filled behind the start; a search or a snapshot waits for it.
        let size = replay.resourceCount + Kind.allCases.reduce(0) { $0 + views.directory.count($1) }
        if size <= Projection.maximumAtStart { try await views.projection.catchUp() }
        views.begin(at: recovery.tip)
        if replay.transactionCount > 0 {
            logger.info(
                "replayed the journal",
                metadata: [
                    "transactions": .stringConvertible(replay.transactionCount),
                    "sequence": .stringConvertible(recovery.tip.sequence),
                    "bytes": .stringConvertible(total),
                    "duration_ms": .stringConvertible((ContinuousClock.now - start).milliseconds),
                ]
            )
        }
        return recovery
    }

    /// Says which rules documents break that were stored before them.
    private func reportBrokenRules() {
        for kind in Kind.allCases {
            for (rule, count) in views.directory.brokenRuleCounts(kind).sorted(by: { $0.key < $1.key }) where count > 0
            {
                guard let example = views.directory.example(of: kind, breaking: rule) else { continue }
                let name = kind.commonName(of: example.stored.json).map { String($0.prefix(100)) }
                logger.warning(
                    "resources break a rule that came after they had been stored; they are kept as they are",
                    metadata: [
                        "kind": "\(kind)", "rule": "\(rule)", "resources": .stringConvertible(count),
                        "example": "\([name, example.id.lowercased].compactMap(\.self).joined(separator: " "))",
                    ]
                )
            }
        }
    }

    /// Goes on without fields that this version does not know, where the administrator has said so.
    ///
    /// - Parameters:
    ///   - file: Where they are.
    ///   - program: Who wrote them, where that is known.
    /// - Throws: Where nobody has.
    private func drop(_ fields: Set<String>, _ file: URL, _ program: String?) throws(JournalError) {
        guard !fields.isEmpty else { return }
        guard configuration.dropsUnknownFields else {
            throw .unknownFields(file: file.path, fields: fields, program: program)
        }
        let names = fields.sorted().joined(separator: ", ")
        logger.warning("fields that this version does not know were left out", metadata: ["fields": "\(names)"])
    }

    /// The keys that seal secrets; the server's own is made where nothing was ever sealed.
    ///
    /// - Throws: When they cannot be had, or when the server's own is missing though it has sealed something.
    func credentialKeys() async throws -> [CredentialKey] {
        let keys = try await configuration.credentialKeys.keys() ?? ownKeys()
        let sealer = SecretSealer(keys)
        let old = views.directory.count(where: { !sealer.hasSealed($0.secrets) && sealer.hasKeys(of: $0.secrets) })
        let foreign = views.directory.count(where: { !sealer.hasSealed($0.secrets) }) - old
        guard configuration.takesDocuments else { return keys }
        if old > 0 {
            logger.notice(
                "the secrets of some resources are sealed with an older credential key; POST /credentials/rotate seals them anew",
                metadata: ["resources": .stringConvertible(old), "key": "\(sealer.keyID)"]
            )
        }
        if foreign > 0 {
            logger.error(
                "the secrets of some resources were sealed with another credential key and cannot be opened",
                metadata: ["resources": .stringConvertible(foreign), "key": "\(sealer.keyID)"]
            )
        }
        return keys
    }

    private func ownKeys() throws -> [CredentialKey] {
        let file = configuration.directory.credentialKey
        if FileManager.default.fileExists(atPath: file.path) { return try CredentialKey.own(file) }
        guard configuration.takesDocuments else { return [.random()] }
        try shared?.checkThatKeysMayBeMade(file)
        let sealed = views.directory.count(where: { !$0.secrets.isEmpty })
        guard sealed == 0 else {
            throw DiskError(
                message: "\(file.path) is missing, the key that has sealed the secrets of \(sealed) resources. Put it "
                    + "back, or say where it is with --credentials-key-file or --credentials-key-command. If it is lost, "
                    + "so are their passwords; to go on without them make a new key: "
                    + "(umask 077; head -c 32 /dev/urandom > '\(file.path)')"
            )
        }
        return try CredentialKey.all(in: KeyFile.load(file).key)
    }
}

/// There is an inventory where a new one was to begin.
package struct InventoryFound: Error, CustomStringConvertible {
    package let folder: String
    package let snapshots: Int
    package let segments: Int

    package var description: String {
        "an empty inventory was asked for, but \(folder) holds \(snapshots) snapshots and \(segments) segments of a journal; "
            + "use another data directory"
    }
}
