import CSystemShims
import Completeness
import DuckDB
package import Foundation
package import Inventory
package import Journal
package import Logging
package import Records
package import Scheduling
import Synchronization
package import Tables

/// The inventory: resources in memory, changed by transactions that the journal keeps, and snapshots of it on disk.
///
/// As a service it merges changes into the projection, takes snapshots in time, looks after the journal, and takes the
/// last snapshot when it is asked to stop, which must be after whatever writes to it has stopped.
package final class InventoryStore: Sendable {
    package let directory: Directory
    package let intake: Intake
    package let journal: PublishedJournal
    let committer: Committer
    let projection: Projection
    let snapshotter: Snapshotter
    let history: History
    let searches: Searches
    /// For the past, which one thread reads.
    private let pastTurns = Turns(places: 1, placesEach: 1)
    let configuration: Configuration
    let locks: [FolderLock]
    /// Why nothing could be written when it was looked last.
    let reportedProblem = Mutex<String?>(nil)
    /// Whether it was said that the clock is behind.
    let reportedClock = Mutex(false)
    /// When the journal is shortened next, if it is too large then.
    let nextShrinking = Mutex(ContinuousClock.now)
    let logger: Logger

    /// Opens the inventory of a data directory, which is made where it does not exist.
    ///
    /// The newest good snapshot is loaded, and the journal behind it; without either the inventory is empty.
    package init(_ configuration: Configuration, logger: Logger) async throws {
        no_prepare_memory()
        self.configuration = configuration
        self.logger = logger
        let (data, disk) = (configuration.directory, configuration.directory.disk)
        try disk.createFolder(data.path)
        try disk.createFolder(data.snapshots)
        locks = try data.lockedFolders.map { try FolderLock($0) }
        try Self.tightenFiles(configuration, logger)
        directory = Directory()
        projection = try Projection(temporaryDirectory: data.temporary, logger: logger)
        let views = Views(directory, projection)
        // Afterwards there is none, so that searches and merges do not hold up the requests.
        let helper = HelperThread(on: projection.database)
        let restored = try await Self.restore(configuration, to: views, logger)
        intake = try Intake(
            directory: directory,
            sealer: Self.sealer(configuration, directory, logger),
            limits: configuration.transactionLimits
        )
        helper.end()
        try disk.createFolder(data.journal)
        journal = try PublishedJournal(JournalFolder(data.journal, disk: disk), restored.recovery)
        committer = Committer(
            views: views,
            log: try JournalWriter(
                journal,
                restored.recovery,
                inventory: restored.inventory,
                head: restored.head,
                headPath: data.head,
                policy: configuration.fsync
            ),
            intake: intake
        )
        snapshotter = Snapshotter(
            projection: projection,
            committer: committer,
            journal: journal,
            folder: restored.snapshots,
            inventory: restored.inventory,
            retention: configuration.retention,
            minimumSegmentSize: configuration.minimumSegmentSize,
            restored: restored.snapshot,
            logger: logger
        )
        history = History(
            PastReader(journal, restored.snapshots, on: try projection.database.connect()),
            directory: directory,
            projection: projection
        )
        searches = try Searches(projection, directory, timeLimit: configuration.searchTimeout)
    }

    // MARK: Reading

    /// The resource that a client's reference names.
    package func resource(_ kind: Kind, _ reference: String) -> (id: UUID, stored: StoredResource)? {
        directory.resource(kind, reference: kind.reference(reference))
    }

    /// The resources that match a search.
    ///
    /// Every change that was answered before is seen.
    ///
    /// - Throws: ``Refusal`` when it takes too long, or the caller's turn does not come; `CancellationError`.
    package func search(_ search: Search, for caller: Caller) async throws -> SearchResult {
        if search.isEverything {
            return SearchResult(resources: directory.all(search.kind), sequence: journal.announced)
        }
        if let found = directory.resources(withUniqueKeyOf: search) {
            return SearchResult(resources: found, sequence: journal.announced)
        }
        return try await searches.read(for: caller) { try $0.result(of: search) }
    }

    /// How many resources match a search, whatever its limit.
    package func count(_ search: Search, for caller: Caller) async throws -> Int {
        try await searches.read(for: caller) { try $0.count(search) }
    }

    // MARK: Reading the past

    /// The resource that a client's reference named at a moment, as it was then.
    ///
    /// - Throws: ``Refusal`` for a moment that is yet to come, or that is no longer kept; so do all that take one.
    package func resource(
        _ kind: Kind,
        _ reference: String,
        at moment: Moment,
        for caller: Caller
    ) async throws -> StoredResource? {
        try await readPast(for: caller) { try await $0.resource(kind, kind.reference(reference), at: moment) }
    }

    /// The resources that matched a search at a moment.
    package func search(_ search: Search, at moment: Moment, for caller: Caller) async throws -> SearchResult {
        try await readPast(for: caller) { try await $0.search(search, at: moment) }
    }

    /// How many resources matched a search at a moment, whatever its limit.
    package func count(_ search: Search, at moment: Moment, for caller: Caller) async throws -> Int {
        try await readPast(for: caller) { try await $0.count(search, at: moment) }
    }

    /// The versions of a resource that the history has, newest first.
    ///
    /// - Parameters:
    ///   - limit: How many there are at most.
    ///   - before: A sequence number that they are below; nil for the newest.
    /// - Returns: Nil when the history knows no such resource.
    package func versions(
        _ kind: Kind,
        _ reference: String,
        limit: Int,
        before: UInt64? = nil,
        for caller: Caller
    ) async throws -> (versions: [ResourceVersion], hasMore: Bool)? {
        try await readPast(for: caller) {
            try await $0.versions(kind, kind.reference(reference), limit: limit, before: before)
        }
    }

    /// What is otherwise at one moment than at another.
    package func difference(from: Moment, to: Moment, for caller: Caller) async throws -> InventoryDifference {
        try await readPast(for: caller) { try await $0.difference(from: from, to: to) }
    }

    private func readPast<Answer: Sendable>(
        for caller: Caller,
        _ body: @escaping @Sendable (History) async throws -> Answer
    ) async throws -> Answer {
        try await pastTurns.turn(of: caller) {
            do {
                return try await withEngine {
                    try await projection.catchUp()
                    return try await withTimeLimit(configuration.searchTimeout) { [history] in try await body(history) }
                }
            } catch is TimeLimitExceeded {
                throw Refusal(timedOut: configuration.searchTimeout)
            }
        }
    }

    /// The journal from a position on, or from now on.
    ///
    /// - Parameter kinds: Kinds whose changes are told; nil for all.
    /// - Throws: When the position is yet to come, when what follows it is not kept any more, or when too many follow.
    package func events(after position: EventPosition?, kinds: Set<Kind>?) throws(Refusal) -> EventFeed {
        try EventFeed(journal, after: position, kinds: kinds)
    }

    // MARK: Writing

    /// Carries out a transaction.
    ///
    /// - Throws: Every problem that was found; nothing is changed then.
    package func commit(_ transaction: Transaction) async throws -> Receipt {
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
        isDryRun: Bool,
        _ action: @escaping @Sendable (Kind.Reference) -> Transaction.Action
    ) async throws -> (receipt: Receipt, sequence: UInt64) {
        for _ in 0..<Self.maximumTries {
            let (found, count) = try await searches.read(for: caller) { tables in
                let found = try tables.result(of: search)
                return (found, found.next == nil ? found.resources.count : try tables.count(search))
            }
            if let expected, count != expected {
                throw Refusal(.unexpected, "The search matches \(count), not \(expected) as expected.")
            }
            let operations = found.resources.map { id, stored in
                Transaction.Operation(action(Kind.Reference(id: id)), if: [.isAny(of: [stored.version])])
            }
            do {
                let receipt = try await commit(Transaction(author: caller.subject, isDryRun: isDryRun, operations))
                return (receipt, found.sequence)
            } catch let refusal as Refusal where refusal.problems.contains(where: \.isOvertaken) {
                continue
            }
        }
        throw Refusal(
            .conflict,
            "Resources that match were changed by others \(Self.maximumTries) times while this was worked out; try again, or "
                + "change fewer at once."
        )
    }

    /// How often a change of what matches a search is tried.
    private static let maximumTries = 3

    /// Makes the inventory what it was at a moment, by a transaction that changes what is otherwise.
    ///
    /// It is worked out while others go on to write. What they change meanwhile was, at the moment, what it was before
    /// they changed it, or else it is among what was worked out.
    ///
    /// - Returns: The number of the transaction, or of the last one when there is nothing to change, and what differs.
    package func restore(
        to moment: Moment,
        for caller: Caller,
        reason: String? = nil
    ) async throws -> InventoryDifference {
        // One after the other, since each is worked out on the thread that reads the past.
        let receipt = try await pastTurns.turn(of: caller) {
            let target = try await history.sequence(of: moment)
            return try await committer.recording { recording in
                let before = try await withEngine {
                    try await history.restoration(to: target, from: recording.start)
                }
                return try await commit(
                    Transaction(
                        author: caller.subject,
                        reason: "restore to \(moment)" + (reason.map { ": \($0)" } ?? ""),
                        content: .decision {
                            recording.before.merging(before) { $1 }.map {
                                Transaction.Operation(.restore($0.key, $0.value))
                            }
                        }
                    )
                )
            }
        }
        return InventoryDifference(
            from: receipt.previous,
            to: receipt.sequence,
            resources: receipt.outcomes.filter(\.isChange).map {
                Difference(resource: $0.resource, before: $0.before, after: $0.stored)
            }
        )
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
        try await withEngine { try await snapshotter.take() }
    }

    /// Removes a snapshot.
    ///
    /// - Returns: False when there is none of that id.
    /// - Throws: ``Refusal`` when the inventory could not be restored without it.
    package func removeSnapshot(_ id: String) async throws -> Bool {
        try await snapshotter.remove(id)
    }

    /// Removes the snapshots that need not be kept, and the history before the oldest moment that must be readable.
    ///
    /// - Returns: The ids of the snapshots that were removed.
    package func prune() async throws -> [String] {
        try await snapshotter.prune()
    }
}
