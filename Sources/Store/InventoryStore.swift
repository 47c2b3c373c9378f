import CSystemShims
import Completeness
import DuckDB
import Foundation
package import Inventory
package import Journal
package import Logging
package import Records
package import Replication
package import Scheduling
import ServiceLifecycle
import Synchronization
import Tables

/// The inventory: resources in memory, changed by transactions that the journal keeps, and snapshots of it on disk.
///
/// As a service it merges changes into the projection, takes snapshots in time, looks after the journal, and takes the
/// last snapshot when it is asked to stop, which must be after whatever writes to it has stopped.
package final class InventoryStore: Service {
    let directory: Directory
    package let intake: Intake
    package let journal: PublishedJournal
    let committer: Committer
    let projection: Projection
    let snapshotter: Snapshotter
    let credentialKeys: CredentialKeys
    private let searches: Searches
    private let past: PastReads
    private let requests: DoneRequests
    private let upkeep: Upkeep
    /// How the server takes part in a log that it shares with others; nil where it shares none.
    package let replica: ReplicaStatus?
    /// What transactions have made of resources.
    package let changes: ChangeReader
    /// The changes in the journal as Parquet files.
    package let changeFiles: ChangeFiles
    /// What is still to come of the history from other servers.
    package let olderHistory: OlderHistory

    /// Opens the inventory of a data directory, which is made where it does not exist.
    ///
    /// The newest good snapshot is loaded, and the journal behind it; without either the inventory is empty.
    package init(_ configuration: StoreConfiguration, logger: Logger) async throws {
        no_prepare_memory()
        let (data, disk) = (configuration.directory, configuration.directory.disk)
        try disk.createFolder(data.path)
        try disk.createFolder(data.snapshots)
        let locks = try data.lockedFolders.map { try FolderLock($0) }
        let writer = DirectoryWriter()
        directory = writer.directory
        projection = try Projection(temporaryDirectory: data.temporary, logger: logger)
        let views = Views(writer, projection)
        requests = views.requests
        // Afterwards there is none, so that searches and merges do not hold up the requests.
        let helper = HelperThread(on: projection.database)
        if configuration.sharedLog == nil, FileManager.default.fileExists(atPath: data.sharedLog.path) {
            throw LogError.belongsToLog(data.sharedLog)
        }
        let shared = try configuration.sharedLog.map { try LogStart($0) }
        let start = InventoryStart(configuration: configuration, views: views, shared: shared, logger: logger)
        try start.tightenFiles()
        let loaded = try await start.load()
        let keys = try await start.credentialKeys()
        intake = try Intake(
            directory: directory,
            sealer: SecretSealer(keys),
            limits: configuration.transactionLimits
        )
        helper.end()
        let sharedKeys = try shared?.join(
            loaded.inventory,
            at: loaded.recovery.tip,
            keys: keys.map(\.id),
            keyFile: data.credentialKey
        )
        if let sharedLog = configuration.sharedLog {
            // What is written without the log would be in no log.
            try disk.replace(data.sharedLog, Array("\(sharedLog.location)\n".utf8))
        }
        try disk.createFolder(data.journal)
        journal = try PublishedJournal(JournalFolder(data.journal, disk: disk), loaded.recovery)
        let replica = configuration.sharedLog.map { ReplicaStatus(url: $0.url, keys: sharedKeys ?? [], logger: logger) }
        self.replica = replica
        let files = try JournalWriter(
            journal,
            loaded.recovery,
            inventory: loaded.inventory,
            head: loaded.head,
            headPath: data.head,
            policy: configuration.fsync,
            isCopy: configuration.sharedLog != nil
        )
        let log: any TransactionLog =
            if let sharedLog = configuration.sharedLog, let replica {
                ReplicatedLog(sharedLog, local: files, status: replica)
            } else {
                files
            }
        committer = Committer(views: views, log: log, intake: intake)
        snapshotter = Snapshotter(
            projection: projection,
            committer: committer,
            journal: journal,
            folder: loaded.snapshots,
            inventory: loaded.inventory,
            retention: configuration.retention,
            minimumSegmentSize: configuration.minimumSegmentSize,
            requests: views.requests,
            loaded: loaded.snapshot,
            lacksHistory: data.lacksOlderHistory,
            replica: replica,
            logger: logger
        )
        credentialKeys = try CredentialKeys(
            configuration.credentialKeys,
            keys,
            file: data.credentialKey,
            sealer: intake.sealer,
            directory: directory,
            journal: journal,
            history: configuration.retention?.history,
            replica: replica,
            logger: logger
        )
        let history = History(
            PastReader(journal, loaded.snapshots, on: try projection.database.connect()),
            directory: directory,
            projection: projection
        )
        changes = ChangeReader(
            PastReader(journal, loaded.snapshots, on: try projection.database.connect(), keepsIndices: false)
        )
        changeFiles = ChangeFiles(
            PastReader(journal, loaded.snapshots, on: try projection.database.connect(), keepsIndices: false),
            in: data.changes,
            disk: disk
        )
        olderHistory = OlderHistory(snapshotter, journal, changeFiles, configuration)
        past = PastReads(history, projection, timeLimit: configuration.searchTimeout)
        searches = try Searches(projection, directory, timeLimit: configuration.searchTimeout)
        upkeep = Upkeep(
            projection: projection,
            committer: committer,
            journal: journal,
            snapshotter: snapshotter,
            credentialKeys: credentialKeys,
            history: history,
            locks: locks,
            configuration: configuration,
            replica: replica,
            logger: logger
        )
        guard shared != nil else { return }
        try await snapshotter.reportOldest()
        // Nobody may take a server that has read nothing yet for an empty inventory.
        try await loaded.recovery.tip == .beginning ? committer.catchUp() : upkeep.followLog()
        // Says who leads, before the first write comes.
        await upkeep.lookAfterFiles()
    }

    // MARK: Reading

    /// The inventory as it is, or as it was at a moment.
    package func reader(at moment: Moment? = nil, for caller: Caller) -> InventoryReader {
        InventoryReader(
            directory: directory,
            journal: journal,
            searches: searches,
            past: past,
            moment: moment,
            beginning: moment == nil ? sequence : 0,
            caller: caller
        )
    }

    /// Whether a transaction is in effect, or another server may have accepted it.
    package func mayReach(_ sequence: UInt64) -> Bool { replica != nil || sequence <= self.sequence }

    /// Returns when everybody may know of a transaction, or when it has been waited for as long as is done.
    package func wait(for sequence: UInt64) async throws {
        do {
            try await withTimeLimit(Self.waitLimit) { [journal] in try await journal.waitUntilAnnounced(sequence) }
        } catch is TimeLimitExceeded {
            // Whoever asks looks where it has come to.
        }
    }

    /// How long a number is waited for.
    private static let waitLimit = Duration.seconds(5)

    /// The number of the last transaction that is in effect.
    var sequence: UInt64 {
        // Where transactions have changed nothing, only the journal has them.
        max(journal.announced, directory.sequence)
    }

    /// How many resources of a kind there are.
    package func count(_ kind: Kind) -> Int { directory.count(kind) }

    /// How many resources of a kind break rules that came after they had been stored, for each rule that the kind has.
    package func brokenRuleCounts(_ kind: Kind) -> [(rule: String, count: Int)] {
        let counts = directory.brokenRuleCounts(kind)
        return (kind.laterRules + [DirectoryTable.uniquenessRule]).map { ($0, counts[$0] ?? 0) }
    }

    /// The versions of a resource that the history has, newest first.
    ///
    /// - Parameters:
    ///   - limit: How many there are at most.
    ///   - before: A sequence number that they are below; nil for the newest.
    /// - Returns: The versions, and the number of the transaction as of which they are all; nil when the history knows no such
    ///   resource.
    package func versions(
        _ kind: Kind,
        _ reference: String,
        limit: Int,
        before: UInt64? = nil,
        for caller: Caller
    ) async throws -> (versions: [ResourceVersion], hasMore: Bool, sequence: UInt64)? {
        let beginning = sequence
        let found = try await past.read(for: caller) {
            try await $0.versions(kind, kind.reference(reference), limit: limit, before: before)
        }
        return found.map { ($0.versions, $0.hasMore, max(beginning, $0.versions.first?.sequence ?? 0)) }
    }

    /// What is otherwise at one moment than at another.
    package func difference(from: Moment, to: Moment, for caller: Caller) async throws -> InventoryDifference {
        try await past.read(for: caller) { try await $0.difference(from: from, to: to) }
    }

    /// The journal from a position on, or from now on.
    ///
    /// - Parameter kinds: Kinds whose changes are told; nil for all.
    /// - Throws: When what follows the position is not kept any more, or when too many follow.
    package func events(after position: EventPosition?, kinds: Set<Kind>?) throws(Refusal) -> EventFeed {
        try EventFeed(journal, after: position, kinds: kinds)
    }

    // MARK: Writing

    /// Carries out a transaction.
    ///
    /// - Throws: Every problem that was found; nothing is changed then.
    package func commit(_ transaction: Transaction) async throws -> Receipt {
        let caller = Caller(subject: transaction.author, address: transaction.origin?.address ?? "")
        return try await repeated.once(transaction.isDryRun ? nil : transaction.idempotencyKey, for: caller) {
            try await carryOut(transaction)
        }
    }

    private func carryOut(_ transaction: Transaction) async throws -> Receipt {
        try await results(of: submit([transaction]))[0].get()
    }

    /// Puts transactions in line, to be carried out one after the other, each by itself.
    package func submit(_ transactions: [Transaction]) -> SubmittedTransactions {
        committer.submit(transactions)
    }

    /// What became of transactions, once all are done; only one may wait for it, and waits longer when the projection is
    /// far behind.
    package func results(of submitted: SubmittedTransactions) async -> [Result<Receipt, any Error>] {
        let results = await submitted.results()
        await projection.catchUpIfFarBehind()
        return results
    }

    private var decisions: Decisions {
        Decisions(committer: committer, searches: searches, past: past) { [self] in try await carryOut($0) }
    }

    private var repeated: RepeatedRequests { RepeatedRequests(requests: requests, past: past) }

    /// Changes or deletes the resources that match a search, in one transaction, unless any of them changes meanwhile.
    ///
    /// - Parameters:
    ///   - search: If it has a limit, the first so many.
    ///   - expected: How many must match, where that is known.
    ///   - action: What is done with each.
    /// - Returns: What became of it, and the number of the transaction as of which the search was made.
    /// - Throws: Every problem that was found; nothing is changed then.
    package func commit(
        _ search: Search,
        expecting expected: Int?,
        for caller: Caller,
        idempotencyKey: IdempotencyKey? = nil,
        isDryRun: Bool,
        _ action: @escaping @Sendable (Kind.Reference) -> Transaction.Action
    ) async throws -> (receipt: Receipt, sequence: UInt64) {
        var found: UInt64?
        let receipt = try await repeated.once(isDryRun ? nil : idempotencyKey, for: caller) {
            let (receipt, sequence) = try await decisions.commit(
                search,
                expecting: expected,
                for: caller,
                idempotencyKey: idempotencyKey,
                isDryRun: isDryRun,
                action
            )
            found = sequence
            return receipt
        }
        return (receipt, found ?? receipt.previous)
    }

    /// Makes the inventory what it was at a moment, by a transaction that changes what is otherwise.
    ///
    /// - Returns: The number of the transaction, or of the last one when there is nothing to change, and what differs.
    package func restore(
        to moment: Moment,
        for caller: Caller,
        idempotencyKey: IdempotencyKey? = nil,
        reason: String? = nil
    ) async throws -> InventoryDifference {
        InventoryDifference(
            try await repeated.once(idempotencyKey, for: caller) {
                try await decisions.restore(to: moment, for: caller, idempotencyKey: idempotencyKey, reason: reason)
            }
        )
    }

    // MARK: Upkeep

    /// Works until the service group shuts down, then closes the store.
    package func run() async throws { try await upkeep.run() }

    /// Accepts no more transactions and ends the journal.
    ///
    /// - Parameter takingSnapshot: Whether a last snapshot is taken, if anything is new.
    package func close(takingSnapshot: Bool) async throws { try await upkeep.close(takingSnapshot: takingSnapshot) }

    /// Finds out whether the server's files are still its own, and brings the head of the journal to stable storage when
    /// nothing is written.
    package func lookAfterFiles() async { await upkeep.lookAfterFiles() }
}
