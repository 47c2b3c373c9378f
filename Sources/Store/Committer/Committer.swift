import DequeModule
import Inventory
import Journal
import OrderedCollections
import Records
import Scheduling

/// The one writer: checks transactions one after the other and carries them out, as many at once as wait.
///
/// The transactions that come while the log takes a batch go into the next one. Readers see a transaction, and its client
/// gets its answer, when the log has it.
actor Committer {
    private let views: Views
    private let log: any TransactionLog
    private let intake: Intake
    private let executor = ThreadExecutor(label: "committer")
    private var isClosed = false
    /// Whether somebody uses the log, and those that wait for it.
    private var isLogTaken = false
    private var waitingForLog: Deque<CheckedContinuation<Void, Never>> = []
    private nonisolated let queue = TransactionQueue(limit: 40_960)

    /// How many transactions are a batch.
    private static let maximumBatch = 2048
    /// How many operations take no time to speak of.
    private static let fewOperations = 1024

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter log: Goes on behind the last transaction that the views have.
    init(views: Views, log: sending any TransactionLog, intake: Intake) {
        self.views = views
        self.log = log
        self.intake = intake
    }

    /// Puts transactions in line, to be carried out one after the other, each by itself.
    nonisolated func submit(_ transactions: [Transaction]) -> SubmittedTransactions {
        let (submitted, mustBegin) = queue.add(transactions)
        if mustBegin { Task { await self.drain() } }
        return submitted
    }

    /// Writes the transactions in line, until there are none.
    private func drain() async {
        while let requests = queue.next(Self.maximumBatch) {
            var rest = requests[...]
            while let first = rest.first {
                // What a decision looks at has to be in effect.
                let batch = first.isDecision ? rest.prefix(1) : rest.prefix { !$0.isDecision }
                rest = rest.dropFirst(await write(batch))
                // Lets in whoever wants a sync or a new segment.
                await Task.yield()
            }
            // Freed by another thread: it has to wait for those that allocate where the transactions lie, and everybody
            // waits for this one.
            Task.detached { withExtendedLifetime(requests) {} }
        }
    }

    // MARK: A batch

    /// Writes as many transactions as make a batch, and answers them.
    ///
    /// - Returns: How many those are.
    private func write(_ requests: ArraySlice<TransactionQueue.Request>) async -> Int {
        await takeLog()
        defer { releaseLog() }
        var batch = Batch()
        var failure = await unreadiness()
        if failure == nil {
            batch = decide(requests)
            failure = await append(batch)
        }
        let results =
            if let failure {
                // What was refused may have been because of others of the batch, which now are not in effect either.
                requests.map { _ in Result<Receipt, any Error>.failure(failure) }
            } else {
                batch.results
            }
        queue.answer(requests, with: results)
        return results.count
    }

    /// Why nothing can be written now.
    private func unreadiness() async -> Refusal? {
        guard !isClosed else { return Self.shuttingDown }
        do {
            try await log.heal()
            if log.mayHaveMore { try await follow() }
            return nil
        } catch {
            return Self.refusal(error)
        }
    }

    private static let shuttingDown = Refusal(.unavailable, "The server is shutting down.")

    private static func refusal(_ error: any Error) -> Refusal {
        Refusal(.unavailable, "The server cannot write: \(reason(error)). Its log says more.")
    }

    /// Why the log did not do something, as clients are told.
    private static func reason(_ error: any Error) -> String { (error as? DiskError)?.reason ?? "\(error)" }

    /// Works out the first transactions, one after the other.
    private func decide(_ requests: ArraySlice<TransactionQueue.Request>) -> Batch {
        let overlay = DirectoryOverlay(views.directory)
        // What the overlay does not have yet, and need not if nothing follows.
        var unseen: [Change] = []
        var batch = Batch()
        for request in requests where !batch.isFull {
            overlay.apply(unseen)
            unseen = []
            if let done = request.transaction.doneBefore(views.requests) {
                batch.results.append(.failure(AlreadyDone(request: done)))
                continue
            }
            do throws(Refusal) {
                let decided = try decide(
                    request.transaction,
                    overlay,
                    number: log.next + UInt64(batch.records.count),
                    last: batch.records.last?.sequence ?? views.position.sequence
                )
                batch.results.append(.success(decided.receipt))
                guard !decided.changes.isEmpty else { continue }
                batch.add(decided.record, decided.changes)
                unseen = decided.changes
            } catch {
                batch.results.append(.failure(error))
            }
        }
        return batch
    }

    /// Appends a batch to the log, and brings it into effect.
    ///
    /// - Returns: Why it does not count.
    private func append(_ batch: Batch) async -> Refusal? {
        guard !batch.records.isEmpty else { return nil }
        switch await log.append(batch.records, after: views.position) {
        case .counts(let points):
            for (index, point) in points.enumerated() {
                views.apply(batch.changes[index], through: point, of: batch.records[index].doneRequest)
            }
            log.announce()
            return nil
        case .refused(let error):
            return Self.refusal(error)
        case .unknown(let error):
            do {
                return try await follow(expecting: batch.records) ? nil : Self.refusal(error)
            } catch {
                return Refusal(
                    .uncertain,
                    "It is not known whether this was done: \(Self.reason(error)). Look before you send it again."
                )
            }
        }
    }

    /// Brings into effect what the log has behind the last transaction that is.
    ///
    /// - Returns: Whether that begins with the transactions that are expected.
    @discardableResult
    private func follow(expecting records: [JournalRecord] = []) async throws -> Bool {
        var expected = records[...]
        while true {
            let found = try await log.beyond(views.position)
            if found.isEmpty { return expected.isEmpty }
            for (record, point) in found {
                let (changes, unknown) = try views.changes(to: record.changes)
                guard unknown.isEmpty else { throw UnknownFields(unknown, in: record.sequence) }
                views.apply(changes, through: point, of: record.doneRequest)
                if record == expected.first { expected.removeFirst() }
            }
            log.announce()
        }
    }

    // MARK: A transaction

    /// What a transaction comes to.
    private struct Decided {
        var record: JournalRecord
        var changes: [Change]
        var receipt: Receipt
    }

    /// Works out a transaction after those before it.
    ///
    /// - Parameters:
    ///   - number: The sequence number that it gets.
    ///   - last: That of the transaction before it.
    private func decide(
        _ transaction: Transaction,
        _ overlay: DirectoryOverlay,
        number: UInt64,
        last: UInt64
    ) throws(Refusal) -> Decided {
        let operations: [Transaction.Operation]
        let goesBack: Bool
        switch transaction.content {
        case .operations(let given): (operations, goesBack) = (given, false)
        case .decision(let decision): (operations, goesBack) = (decision(), true)
        }
        var draft = Draft(overlay, author: transaction.author, intake: intake, goesBack: goesBack)
        var resources: [ResourceID] = []
        var problems: [Refusal.Problem] = []
        for (index, operation) in operations.enumerated()
        where problems.count < Refusal.maximumProblems && !draft.isTooLarge {
            do throws(Refusal) {
                resources.append(try draft.stage(operation, index: index))
            } catch {
                problems += error.problems
            }
            if (index + 1).isMultiple(of: Self.fewOperations) { log.goOnLeading() }
        }
        var changes: [Change] = []
        if !draft.isTooLarge {
            do throws(Refusal) {
                changes = try draft.finish(version: number)
            } catch {
                problems += error.problems
            }
        }
        if transaction.idempotencyKey != nil, resources.count > IdempotencyKey.maximumOperations {
            throw Refusal(
                .tooLarge,
                "A request with an Idempotency-Key has at most \(IdempotencyKey.maximumOperations) operations; send fewer at once."
            )
        }
        guard problems.isEmpty else { throw Refusal(problems.sorted { $0.operation < $1.operation }) }
        let outcomes = resources.enumerated().map { index, id -> Outcome in
            // One that is left as it is need not be staged.
            guard let staged = draft.staged[id] else {
                let stored = overlay.resource(id)
                return Outcome(resource: id, before: stored, stored: stored)
            }
            return Outcome(
                resource: id,
                before: staged.before,
                stored: staged.after,
                change: draft.meetings.changes[index]
            )
        }
        if transaction.isDryRun { changes = [] }
        let record = JournalRecord(
            sequence: number,
            time: log.now(),
            author: transaction.author,
            origin: transaction.origin,
            reason: transaction.reason,
            idempotency: transaction.idempotencyKey.map { key in
                Idempotency(key, outcomes: outcomes.map { .init($0.resource, $0.change) })
            },
            changes: changes.map { JournalChange(resource: $0.resource, stored: $0.stored) }
        )
        try log.check(record)
        let receipt = Receipt(
            previous: last,
            sequence: changes.isEmpty ? last : number,
            outcomes: outcomes
        )
        return Decided(record: record, changes: changes, receipt: receipt)
    }

    // MARK: Recording

    /// Does something while it is recorded what resources were before they change.
    nonisolated func recording<Value: Sendable>(
        _ body: (Recording) async throws -> Value
    ) async throws -> Value {
        let recording = await beginRecording()
        defer { views.end(recording) }
        return try await body(recording)
    }

    /// Where nothing comes into effect meanwhile.
    private func beginRecording() -> Recording { views.beginRecording() }

    // MARK: The log

    /// Waits until nobody else uses the log: one batch is in flight, and whatever else is done with the log waits for it.
    private func takeLog() async {
        guard isLogTaken else {
            isLogTaken = true
            return
        }
        await withCheckedContinuation { waitingForLog.append($0) }
    }

    private func releaseLog() {
        if let next = waitingForLog.popFirst() { next.resume() } else { isLogTaken = false }
    }

    /// Brings the log to stable storage, or finds out whether that is possible again.
    func sync() async throws {
        await takeLog()
        defer { releaseLog() }
        if !isClosed { try await log.sync() }
    }

    /// Brings into effect what the log may have that others have appended.
    func catchUp() async throws {
        await takeLog()
        defer { releaseLog() }
        if !isClosed, log.mayHaveMore { try await follow() }
    }

    /// Does for the log what has to be done about once a second.
    func lookAfterLog() async throws {
        await takeLog()
        defer { releaseLog() }
        guard !isClosed else { return }
        try await log.lookAfter()
        // What the journal could not be given before, it may have now.
        if views.position == log.tip { log.announce() }
    }

    /// Has another one of the servers that share the log accept writes, behind the batch that is in flight.
    func moveLead(to url: String) async throws {
        await takeLog()
        defer { releaseLog() }
        guard !isClosed else { throw Self.shuttingDown }
        do {
            try await log.moveLead(to: url)
        } catch {
            throw Refusal(.unavailable, "The lead was not moved: \(Self.reason(error)).")
        }
    }

    /// Has the log note with which credential key is sealed from now on.
    ///
    /// - Parameter place: Where the key is.
    /// - Throws: ``Refusal`` where servers lack it, or the log cannot be written.
    func seal(with key: String, from place: String) async throws {
        await takeLog()
        defer { releaseLog() }
        do {
            try await log.seal(with: key, from: place)
        } catch {
            throw error as? Refusal ?? Self.refusal(error)
        }
    }

    /// Accepts no more writes until a restart.
    func stop(for reason: any Error) async {
        await takeLog()
        defer { releaseLog() }
        if !isClosed { log.stop(for: reason) }
    }

    /// Notes that the log's files are kept from a number on, so that older ones can be removed.
    func keepFiles(from first: UInt64) async throws {
        await takeLog()
        defer { releaseLog() }
        try await log.keep(from: first)
    }

    /// Has the log take note of a file that leads up to its oldest one.
    func extendFiles(with older: JournalFolder.Segment) async throws {
        await takeLog()
        defer { releaseLog() }
        try await log.extend(with: older)
    }

    /// Closes the log's file that is written to, where it has so many bytes, with all before it on stable storage.
    func rotate(at size: Int) async throws {
        await takeLog()
        defer { releaseLog() }
        if !isClosed { try await log.rotate(at: size) }
    }

    /// Accepts no more transactions; those before it are in effect, and the log has its end.
    func close() async throws {
        guard !isClosed else { return }
        isClosed = true
        await takeLog()
        defer { releaseLog() }
        try await log.end()
    }
}

extension Transaction {
    /// The same request, where it was done before.
    fileprivate func doneBefore(_ requests: DoneRequests) -> DoneRequest? {
        isDryRun ? nil : idempotencyKey.flatMap { requests.request($0.scope(of: author)) }
    }
}
