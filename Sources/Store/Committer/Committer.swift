import DuckDB
import Foundation
import Inventory
import Synchronization

/// The one writer: checks transactions one after the other against the directory and carries them out.
///
/// Whoever waits for it is counted, and one more than the limit is turned away rather than queued.
actor Committer {
    private let directory: Directory
    private let projection: Projection
    private let executor = SerialQueueExecutor(label: "committer")
    /// Sequence number of the last transaction.
    private var sequence: UInt64
    private var isClosed = false
    private let waiting = Atomic<Int>(0)

    /// How many transactions may wait at once.
    private static let maximumWaiting = 4096

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter sequence: Sequence number of the last transaction that the directory holds.
    init(directory: Directory, projection: Projection, sequence: UInt64) {
        self.directory = directory
        self.projection = projection
        self.sequence = sequence
    }

    /// Carries out a transaction.
    ///
    /// - Returns: What became of each operation's resource, in their order.
    /// - Throws: Every problem that was found; nothing is changed then.
    nonisolated func commit(_ transaction: Transaction) async throws(Refusal) -> [Outcome] {
        guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= Self.maximumWaiting else {
            waiting.wrappingSubtract(1, ordering: .relaxed)
            throw Refusal(.unavailable, "More than \(Self.maximumWaiting) writes are waiting; try again soon.")
        }
        defer { waiting.wrappingSubtract(1, ordering: .relaxed) }
        let outcomes = try await carryOut(transaction)
        await projection.catchUpIfFarBehind()
        return outcomes
    }

    /// Accepts no more transactions; those before it are in effect.
    func close() {
        isClosed = true
    }

    private func carryOut(_ transaction: Transaction) throws(Refusal) -> [Outcome] {
        guard !isClosed else { throw Refusal(.unavailable, "The server is shutting down.") }
        var draft = Draft(directory: directory, author: transaction.author)
        var resources: [ResourceID] = []
        var problems: [Refusal.Problem] = []
        for (index, operation) in transaction.operations.enumerated() {
            do throws(Refusal) {
                resources.append(try draft.carryOut(operation, index: index))
            } catch {
                problems += error.problems
            }
        }
        let version = sequence + 1
        var changes: [Change] = []
        do throws(Refusal) {
            changes = try draft.finish(version: version)
        } catch {
            problems += error.problems
        }
        guard problems.isEmpty else { throw Refusal(problems.sorted { $0.operation < $1.operation }) }
        if !changes.isEmpty {
            directory.apply(changes)
            projection.enqueue(changes, through: version)
            sequence = version
        }
        return resources.map { Outcome(resource: $0, stored: directory.resource($0.kind, id: $0.id)) }
    }
}
