import Completeness
import Copies
import Crypto
import Foundation
import HTTPSupport
import Journal
import Logging
import NIOSSL
import Records
import Replication
import Store
import Tables

/// Has a server without an inventory that joins a log begin with a snapshot of another one, behind which it reads the log.
struct ReplicaJoining {
    let sharedLog: SharedLogConfiguration
    let directory: DataDirectory
    let keys: CredentialKeySource
    /// The server's own secret for tokens; nil where it has others.
    let tokenKey: URL?
    let tls: TLSConfiguration?
    /// Where copies of snapshots are; nil for nowhere.
    let copies: CopyPlace?
    /// Bytes of the journal at most.
    let maximumJournalSize: Int
    let logger: Logger

    /// How many transactions are read from the log rather than with a snapshot before them.
    private static let fewTransactions: UInt64 = 10_000
    /// How many of a server's newest snapshots are looked at.
    private static let snapshotsEach = 3
    /// How often the journal before the snapshot is asked for where a server may have it, and with what time between.
    private static let (attempts, attemptInterval) = (5, Duration.seconds(2))

    /// A snapshot to begin with.
    private struct Candidate {
        var id: String
        var manifest: SnapshotManifest
        var place: String
        var fetch: (URL) async throws -> Void
    }

    /// - Throws: Where the log has too little to go on without a snapshot, and there is none.
    func begin() async throws {
        let start = try LogStart(sharedLog)
        if let tokenKey, !FileManager.default.fileExists(atPath: tokenKey.path) {
            try start.checkThatTokensMayBeSigned(tokenKey)
        }
        guard let beginning = try InventoryBeginning(directory), let joining = try start.joining() else { return }
        let isWhole = joining.range.lowerBound == 0
        if isWhole, joining.range.count <= Self.fewTransactions { return }
        // Without keys the start says which are missing.
        let keys = try await keys.present(in: directory)
        guard let key = SecretSealer.replicaKey(keys, sealingWith: joining.sealingKey) else { return }
        let client = ReplicaClient(name: sharedLog.name, key: key, tls: tls)
        let others = joining.others.filter(\.isAlive).sorted { $0.oldest < $1.oldest }.map {
            OtherReplica(url: $0.url, client: client, disk: directory.disk)
        }
        var candidates = await snapshots(of: others) + copied()
        candidates = try candidates.filter { candidate in
            guard let position = candidate.manifest.position, candidate.manifest.inventory == joining.inventory else {
                return false
            }
            return try joining.has(position)
        }
        for candidate in candidates.sorted(by: { $0.manifest.sequence > $1.manifest.sequence }) {
            do {
                let manifest = try await beginning.begin(with: candidate.id) { folder in
                    try await folder.add(candidate.id) { try await candidate.fetch($0) }
                } lead: { journal, segment in
                    await lead(journal, segment, of: joining.inventory, from: others)
                }
                return logger.notice(
                    "this server joins with a snapshot",
                    metadata: [
                        "from": "\(candidate.place)", "snapshot": "\(candidate.id)",
                        "sequence": "\(manifest.sequence)", "resources": "\(manifest.resourceCount)",
                    ]
                )
            } catch {
                logger.warning(
                    "a snapshot cannot be had",
                    metadata: ["from": "\(candidate.place)", "snapshot": "\(candidate.id)", "reason": "\(error)"]
                )
            }
        }
        guard isWhole else { throw LogError.noSnapshot(behind: joining.range.lowerBound) }
    }

    // MARK: Of other servers

    private func snapshots(of others: [OtherReplica]) async -> [Candidate] {
        var found: [Candidate] = []
        for other in others {
            do {
                for item in try await other.snapshots().prefix(Self.snapshotsEach) {
                    let snapshot = try await other.snapshot(item.id)
                    let fetch = { (folder: URL) in
                        let progress = ProgressBar(label: "fetching a snapshot")
                        defer { progress.finish() }
                        try await other.fetch(snapshot, to: folder) { progress.update(done: $0, total: $1) }
                    }
                    found.append(
                        Candidate(id: item.id, manifest: snapshot.manifest, place: other.url, fetch: fetch)
                    )
                }
            } catch {
                logger.warning(
                    "a server cannot be asked for snapshots",
                    metadata: ["url": "\(other.url)", "reason": "\(error)"]
                )
            }
        }
        return found
    }

    /// Gets the segment of the journal that leads up to the snapshot, to which older ones can be put later; nil where nobody has
    /// it.
    private func lead(
        _ journal: JournalFolder,
        _ segment: OlderSegment,
        of inventory: UUID,
        from others: [OtherReplica]
    ) async -> JournalFolder.Segment? {
        // Without it there is no way back later, so a server that is being started again is waited for.
        for attempt in 1...Self.attempts {
            var mayHave = false
            for other in others {
                do {
                    let file = journal.partial(segment)
                    try journal.disk.createFolder(journal.path)
                    try await other.fetch(segment, to: file, atMost: maximumJournalSize)
                    return try journal.take(file, as: segment, of: inventory)
                } catch let fault as ReplicaFault where fault.isMissing {
                    // Another one may have it.
                } catch {
                    mayHave = true
                    logger.warning(
                        "the journal before the snapshot cannot be had",
                        metadata: ["url": "\(other.url)", "reason": "\(error)"]
                    )
                }
            }
            guard mayHave, attempt < Self.attempts else { break }
            do { try await Task.sleep(for: Self.attemptInterval) } catch { break }
        }
        logger.warning(
            "no other server has the journal before the snapshot, so this one does not get it either"
        )
        return nil
    }

    // MARK: Of copies

    /// The newest copy; none where there is none, or it cannot be had.
    private func copied() async -> [Candidate] {
        guard let copies else { return [] }
        do {
            guard let id = try await copies.ids().first else { return [] }
            let manifest = try await copies.manifest(id)
            let fetch = { (folder: URL) in
                for name in manifest.fileNames {
                    try await copies.fetch(name, of: id, to: folder.appending(path: name))
                }
            }
            return [Candidate(id: id, manifest: manifest, place: "\(copies)", fetch: fetch)]
        } catch {
            logger.warning("the copies cannot be looked at", metadata: ["at": "\(copies)", "reason": "\(error)"])
            return []
        }
    }
}
