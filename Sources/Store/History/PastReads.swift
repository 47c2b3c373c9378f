import DuckDB
import Inventory
import Scheduling

/// Reads of the past: callers take turns, and none takes longer than it may.
final class PastReads: Sendable {
    private let history: History
    private let projection: Projection
    private let timeLimit: Duration
    /// One thread reads the past.
    private let turns = Turns(places: 1, placesEach: 1)

    /// - Parameter timeLimit: How long a read may take once it has begun.
    init(_ history: History, _ projection: Projection, timeLimit: Duration) {
        self.history = history
        self.projection = projection
        self.timeLimit = timeLimit
    }

    /// Asks the history, with every change in the tables that was answered before.
    ///
    /// - Throws: ``Refusal`` where that takes too long; `CancellationError`.
    func read<Answer: Sendable>(
        for caller: Caller,
        _ body: @escaping @Sendable (History) async throws -> Answer
    ) async throws -> Answer {
        try await turns.turn(of: caller) {
            do {
                return try await withEngine {
                    try await projection.catchUp()
                    return try await withTimeLimit(timeLimit) { [history] in try await body(history) }
                }
            } catch is TimeLimitExceeded {
                throw Refusal(timedOut: timeLimit)
            }
        }
    }

    /// Asks the history for what takes as long as it takes, one after the other.
    func work<Answer: Sendable>(
        for caller: Caller,
        _ body: (History) async throws -> Answer
    ) async throws -> Answer {
        try await turns.turn(of: caller) { try await withEngine { try await body(history) } }
    }
}
