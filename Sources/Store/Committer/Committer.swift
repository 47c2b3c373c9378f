import DuckDB
import Foundation
import Inventory
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
    private let executor = SerialQueueExecutor(label: "committer")
    private var isClosed = false
    private nonisolated let queue = Mutex(Queue())

    private struct Queue {
        var requests: [Request] = []
        /// Those that wait or are being carried out.
        var count = 0
        var isBeingWorkedOff = false
    }

    /// A transaction whose client waits.
    private struct Request {
        var transaction: Transaction
        var continuation: CheckedContinuation<Result<[Outcome], Refusal>, Never>
    }

    /// How many transactions may wait at once.
    private static let maximumWaiting = 4096
    /// How many transactions, and changes at about, are synced at once.
    private static let maximumBatch = 512
    private static let maximumBatchChanges = 20_000

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter journal: Goes on behind the last transaction that the directory holds.
    init(directory: Directory, projection: Projection, journal: sending JournalWriter) {
        self.directory = directory
        self.projection = projection
        self.journal = journal
    }

    /// Carries out a transaction.
    ///
    /// - Returns: What became of each operation's resource, in their order.
    /// - Throws: Every problem that was found; nothing is changed then.
    nonisolated func commit(_ transaction: Transaction) async throws(Refusal) -> [Outcome] {
        let hasRoom = queue.withLock { queue in
            guard queue.count < Self.maximumWaiting else { return false }
            queue.count += 1
            return true
        }
        guard hasRoom else {
            throw Refusal(.unavailable, "More than \(Self.maximumWaiting) writes are waiting; try again soon.")
        }
        let result = await withCheckedContinuation { continuation in
            let mustStart = queue.withLock { queue in
                queue.requests.append(Request(transaction: transaction, continuation: continuation))
                defer { queue.isBeingWorkedOff = true }
                return !queue.isBeingWorkedOff
            }
            if mustStart { Task { await self.workOff() } }
        }
        queue.withLock { $0.count -= 1 }
        let outcomes = try result.get()
        await projection.catchUpIfFarBehind()
        return outcomes
    }

    /// Carries out what waits until nothing does.
    private func workOff() async {
        while true {
            let batch = queue.withLock { queue in
                let batch = Array(queue.requests.prefix(Self.maximumBatch))
                queue.requests.removeFirst(batch.count)
                if batch.isEmpty { queue.isBeingWorkedOff = false }
                return batch
            }
            if batch.isEmpty { return }
            var rest = batch[...]
            while !rest.isEmpty {
                rest = rest.dropFirst(carryOut(rest))
                // Lets in whoever wants a sync, a new segment or a restore.
                await Task.yield()
            }
        }
    }

    /// What a transaction comes to.
    private struct Accepted {
        var record: JournalRecord
        var changes: [Change]
        var outcomes: [Outcome]
    }

    /// Carries out as many transactions as go into one sync, and answers them.
    ///
    /// - Returns: How many those are.
    private func carryOut(_ requests: ArraySlice<Request>) -> Int {
        var overlay = DirectoryOverlay(directory)
        var results: [Result<Accepted, Refusal>] = []
        var records: [JournalRecord] = []
        var changeCount = 0
        var failure = readiness
        for request in requests where failure == nil {
            guard changeCount < Self.maximumBatchChanges else { break }
            let result = Result { () throws(Refusal) in
                try workOut(request.transaction, overlay, number: journal.next + UInt64(records.count))
            }
            results.append(result)
            guard case .success(let accepted) = result, !accepted.changes.isEmpty else { continue }
            overlay.apply(accepted.changes)
            records.append(accepted.record)
            changeCount += accepted.changes.count
        }
        if failure == nil {
            do throws(DiskError) {
                try journal.append(records)
            } catch {
                failure = Self.refusal(error)
            }
        }
        if let failure {
            // What was refused may have been because of others of the batch, which now are not in effect either.
            for request in requests { request.continuation.resume(returning: .failure(failure)) }
            return requests.count
        }
        for case .success(let accepted) in results where !accepted.changes.isEmpty {
            directory.apply(accepted.changes)
            projection.enqueue(accepted.changes, through: accepted.record.sequence)
        }
        if !records.isEmpty { journal.announce() }
        for (request, result) in zip(requests, results) {
            request.continuation.resume(returning: result.map(\.outcomes))
        }
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
        Refusal(.unavailable, "The server cannot write: \(error.reason). It goes on by itself when the disk does.")
    }

    /// Works out a transaction after those before it.
    ///
    /// - Parameter number: The sequence number that it gets.
    private func workOut(
        _ transaction: Transaction,
        _ overlay: DirectoryOverlay,
        number: UInt64
    ) throws(Refusal) -> Accepted {
        var draft = Draft(overlay, author: transaction.author)
        var resources: [ResourceID] = []
        var problems: [Refusal.Problem] = []
        for (index, operation) in transaction.operations.enumerated() {
            do throws(Refusal) {
                resources.append(try draft.carryOut(operation, index: index))
            } catch {
                problems += error.problems
            }
        }
        var changes: [Change] = []
        do throws(Refusal) {
            changes = try draft.finish(version: number)
        } catch {
            problems += error.problems
        }
        guard problems.isEmpty else { throw Refusal(problems.sorted { $0.operation < $1.operation }) }
        let record = JournalRecord(
            sequence: number,
            time: journal.now(),
            author: transaction.author,
            reason: transaction.reason,
            changes: changes.map { JournalChange(resource: $0.resource, stored: $0.stored) }
        )
        let stored = Dictionary(uniqueKeysWithValues: changes.map { ($0.resource, $0.stored) })
        let outcomes = resources.map { id in
            Outcome(resource: id, stored: stored[id] ?? overlay.resource(id), sequence: changes.isEmpty ? nil : number)
        }
        return Accepted(record: record, changes: changes, outcomes: outcomes)
    }

    // MARK: Going back

    /// Makes the inventory what it was.
    ///
    /// Nothing else is written meanwhile, so that it is just that.
    ///
    /// - Parameters:
    ///   - reason: What the history says of it.
    ///   - states: Says, of the inventory as it is after a transaction, which resources were otherwise, and how.
    func rollBack(
        author: String?,
        reason: String,
        _ states: @Sendable (UInt64) throws -> [ResourceID: StoredResource?]
    ) throws -> InventoryDifference {
        if let readiness { throw readiness }
        let before = journal.sequence
        let operations = try states(before).map { Transaction.Operation.restore($0.key, $0.value) }
        let transaction = Transaction(author: author, reason: reason, operations)
        let accepted = try workOut(transaction, DirectoryOverlay(directory), number: journal.next)
        let differences = accepted.changes.map { change in
            Difference(
                resource: change.resource,
                before: directory.resource(change.resource.kind, id: change.resource.id),
                after: change.stored
            )
        }
        if !accepted.changes.isEmpty {
            do {
                try journal.append([accepted.record])
            } catch {
                throw Self.refusal(error)
            }
            directory.apply(accepted.changes)
            projection.enqueue(accepted.changes, through: accepted.record.sequence)
            journal.announce()
        }
        return InventoryDifference(from: before, to: journal.sequence, resources: differences)
    }

    // MARK: Upkeep

    /// Brings the journal to stable storage, or finds out whether that is possible again.
    func sync() throws(DiskError) {
        if !isClosed { try journal.sync() }
    }

    /// Begins a new segment of the journal, with all before it on stable storage.
    func rotate() throws(DiskError) {
        if !isClosed { try journal.rotate() }
    }

    /// Accepts no more transactions; those before it are in effect, and the journal has its end.
    func close() throws(DiskError) {
        guard !isClosed else { return }
        isClosed = true
        try journal.end()
    }
}
