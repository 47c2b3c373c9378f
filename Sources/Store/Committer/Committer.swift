import Foundation
import Inventory
import Journal
import OrderedCollections
import Records
import Synchronization

/// The one writer: checks transactions one after the other and carries them out, as many at once as wait.
///
/// All that waits while the disk syncs goes into the next batch, which is synced once. Readers see a transaction, and
/// its client gets its answer, when the journal has it. Whoever waits is counted, and one more than the limit is turned
/// away rather than queued.
actor Committer {
    private let directory: Directory
    private let projection: Projection
    private let journal: JournalWriter
    private let intake: Intake
    private let executor = ThreadExecutor(label: "committer")
    private var isClosed = false
    private var recordings: [Recording] = []
    private nonisolated let queue = Mutex(Queue())

    private struct Queue {
        var requests: [Request] = []
        /// Those that wait or are being carried out.
        var count = 0
        var isBeingWorkedOff = false
    }

    /// A transaction whose client waits.
    private struct Request {
        let submitted: SubmittedTransactions
        let index: Int
        /// The operations that a decision came to.
        var decided: [Transaction.Operation]?

        var transaction: Transaction { submitted.transactions[index] }

        var decision: Transaction.Decision? {
            if case .decision(let decision) = transaction.content { decision } else { nil }
        }

        var operations: [Transaction.Operation] {
            if case .operations(let operations) = transaction.content { return operations }
            guard let decided else {
                preconditionFailure("a transaction is worked out when its operations are decided")
            }
            return decided
        }
    }

    /// How many transactions may wait at once.
    private static let maximumWaiting = 40_960
    /// How many transactions, and changes at about, are synced at once.
    private static let maximumBatch = 2048
    private static let maximumBatchChanges = 20_000

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter journal: Goes on behind the last transaction that the directory holds.
    init(
        directory: Directory,
        projection: Projection,
        journal: sending JournalWriter,
        intake: Intake
    ) {
        self.directory = directory
        self.projection = projection
        self.journal = journal
        self.intake = intake
    }

    /// Puts transactions in line, to be carried out one after the other, each by itself.
    nonisolated func submit(_ transactions: [Transaction]) -> SubmittedTransactions {
        let submitted = SubmittedTransactions(transactions)
        let wasWorkedOff = queue.withLock { queue -> Bool? in
            guard queue.count + transactions.count <= Self.maximumWaiting else { return nil }
            queue.count += transactions.count
            queue.requests += transactions.indices.map { Request(submitted: submitted, index: $0) }
            defer { queue.isBeingWorkedOff = true }
            return queue.isBeingWorkedOff
        }
        guard let wasWorkedOff else {
            let refusal = Refusal(.unavailable, "More than \(Self.maximumWaiting) writes are waiting; try again soon.")
            for index in transactions.indices { submitted.put(.failure(refusal), at: index) }
            return submitted
        }
        if !wasWorkedOff { Task { await self.workOff() } }
        return submitted
    }

    /// Carries out what waits, until nothing does.
    private func workOff() async {
        while true {
            let batch = queue.withLock { queue in
                let batch = Array(queue.requests.prefix(Self.maximumBatch))
                queue.requests.removeFirst(batch.count)
                if batch.isEmpty { queue.isBeingWorkedOff = false }
                return batch
            }
            if batch.isEmpty { return }
            await workOff(batch)
            // Freed by another thread: it has to wait for those that allocate where the transactions lie, and everybody
            // waits for this one.
            Task.detached { withExtendedLifetime(batch) {} }
        }
    }

    private func workOff(_ batch: [Request]) async {
        var rest = batch[...]
        while let first = rest.first {
            if let decision = first.decision {
                var decided = first
                decided.decided = decision()
                rest = rest.dropFirst(carryOut([decided]))
            } else {
                rest = rest.dropFirst(carryOut(rest.prefix { $0.decision == nil }))
            }
            // Lets in whoever wants a sync or a new segment.
            await Task.yield()
        }
    }

    private func answer(_ requests: ArraySlice<Request>, with results: [Result<Receipt, any Error>]) {
        queue.withLock { $0.count -= results.count }
        for (request, result) in zip(requests, results) { request.submitted.put(result, at: request.index) }
    }

    /// What a transaction comes to.
    private struct Accepted {
        var record: JournalRecord
        var changes: [Change]
        var receipt: Receipt
    }

    /// Carries out as many transactions as go into one sync, and answers them.
    ///
    /// - Returns: How many those are.
    private func carryOut(_ requests: ArraySlice<Request>) -> Int {
        let overlay = DirectoryOverlay(directory)
        // What the overlay does not have yet, and need not if nothing follows.
        var unseen: [Change] = []
        var results: [Result<Receipt, any Error>] = []
        // Of those that change anything.
        var records: [JournalRecord] = []
        var changes: [[Change]] = []
        var changeCount = 0
        var points: [ChainPoint] = []
        var failure = readiness
        for request in requests where failure == nil {
            guard changeCount < Self.maximumBatchChanges else { break }
            overlay.apply(unseen)
            unseen = []
            do throws(Refusal) {
                let accepted = try workOut(
                    request,
                    overlay,
                    number: journal.next + UInt64(records.count),
                    last: records.last?.sequence ?? journal.sequence
                )
                results.append(.success(accepted.receipt))
                guard !accepted.changes.isEmpty else { continue }
                records.append(accepted.record)
                changes.append(accepted.changes)
                unseen = accepted.changes
                changeCount += accepted.changes.count
            } catch {
                results.append(.failure(error))
            }
        }
        if failure == nil {
            do throws(DiskError) {
                points = try journal.append(records)
            } catch {
                failure = Self.refusal(error)
            }
        }
        if let failure {
            // What was refused may have been because of others of the batch, which now are not in effect either.
            answer(requests, with: requests.map { _ in .failure(failure) })
            return requests.count
        }
        for (point, changes) in zip(points, changes) {
            for recording in recordings { recording.add(changes, before: directory) }
            directory.apply(changes)
            projection.enqueue(changes, through: point)
        }
        if !records.isEmpty { journal.announce() }
        answer(requests, with: results)
        return results.count
    }

    /// Why nothing can be written now.
    private var readiness: Refusal? {
        guard !isClosed else { return Refusal(.unavailable, "The server is shutting down.") }
        do throws(DiskError) {
            try journal.heal()
            return nil
        } catch {
            return Self.refusal(error)
        }
    }

    private static func refusal(_ error: DiskError) -> Refusal {
        Refusal(.unavailable, "The server cannot write: \(error.reason). Its log says more.")
    }

    /// Works out a transaction after those before it.
    ///
    /// - Parameters:
    ///   - number: The sequence number that it gets.
    ///   - last: That of the transaction before it.
    private func workOut(
        _ request: Request,
        _ overlay: DirectoryOverlay,
        number: UInt64,
        last: UInt64
    ) throws(Refusal) -> Accepted {
        let transaction = request.transaction
        // What a transaction went to may be gone back from.
        let isLimited = request.decision == nil
        var draft = Draft(overlay, author: transaction.author, intake: intake, isLimited: isLimited)
        var resources: [ResourceID] = []
        var problems: [Refusal.Problem] = []
        for (index, operation) in request.operations.enumerated()
        where problems.count < Refusal.maximumProblems && !draft.isTooLarge {
            do throws(Refusal) {
                resources.append(try draft.carryOut(operation, index: index))
            } catch {
                problems += error.problems
            }
        }
        var changes: [Change] = []
        if !draft.isTooLarge {
            do throws(Refusal) {
                changes = try draft.finish(version: number)
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw Refusal(problems.sorted { $0.operation < $1.operation }) }
        let outcomes = resources.map { id in
            Outcome(resource: id, before: draft.staged[id]?.before, stored: draft.staged[id]?.after)
        }
        if transaction.isDryRun { changes = [] }
        let record = JournalRecord(
            sequence: number,
            time: journal.now(),
            author: transaction.author,
            reason: transaction.reason,
            changes: changes.map { JournalChange(resource: $0.resource, stored: $0.stored) }
        )
        let receipt = Receipt(
            previous: last,
            sequence: changes.isEmpty ? last : number,
            outcomes: outcomes
        )
        return Accepted(record: record, changes: changes, receipt: receipt)
    }

    // MARK: Recording

    /// Does something while it is recorded what resources were before they change.
    nonisolated func recording<Value: Sendable>(
        _ body: (Recording) async throws -> Value
    ) async throws -> Value {
        let recording = await beginRecording()
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(recording))
        } catch {
            result = .failure(error)
        }
        await end(recording)
        return try result.get()
    }

    private func beginRecording() -> Recording {
        let recording = Recording(after: journal.sequence)
        recordings.append(recording)
        return recording
    }

    private func end(_ recording: Recording) {
        recordings.removeAll { $0 === recording }
    }

    // MARK: Upkeep

    /// Brings the journal to stable storage, or finds out whether that is possible again.
    func sync() throws(DiskError) {
        if !isClosed { try journal.sync() }
    }

    /// Makes sure that the journal's files are still its own, and brings its head to stable storage when nothing is
    /// written.
    func lookAfterFiles() throws(DiskError) {
        guard !isClosed else { return }
        try journal.checkFiles()
        journal.settle()
    }

    /// Accepts no more writes until a restart.
    func stop(for reason: DiskError) {
        if !isClosed { journal.stop(for: reason) }
    }

    /// Notes that the journal is kept from a segment on, so that older ones can be removed.
    func keepJournal(from first: UInt64) throws(DiskError) {
        try journal.keep(from: first)
    }

    /// Begins a new segment of the journal where the one that is written to has so many bytes, with all before it on stable
    /// storage.
    func rotate(at size: Int) throws(DiskError) {
        if !isClosed { try journal.rotate(at: size) }
    }

    /// Accepts no more transactions; those before it are in effect, and the journal has its end.
    func close() throws(DiskError) {
        guard !isClosed else { return }
        isClosed = true
        try journal.end()
    }
}
