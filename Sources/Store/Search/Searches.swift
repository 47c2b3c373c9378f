import DuckDB
import Foundation
import Inventory
import Records
import Scheduling
import Synchronization

/// Searches of the inventory as it is: callers take turns, and none takes longer than it may.
final class Searches: Sendable {
    private let projection: Projection
    private let directory: Directory
    private let turns: Turns
    private let timeLimit: Duration
    /// The searchers that have nothing to do.
    private let searchers = Mutex<[Searcher]>([])

    /// How many searches go on at once. At least two, so that the long ones of one caller do not hold up the short ones
    /// of others.
    private static let places = min(max(2, ProcessInfo.processInfo.activeProcessorCount - 1), 8)

    /// - Parameter timeLimit: How long a search may take once it has begun.
    init(_ projection: Projection, _ directory: Directory, timeLimit: Duration) throws(DuckDBError) {
        self.projection = projection
        self.directory = directory
        self.timeLimit = timeLimit
        turns = Turns(places: Self.places, placesEach: Self.places - 1)
        let connection = try projection.database.connect()
        try SearchPattern.addFunction(to: connection)
        try OrderedValue.addFunction(to: connection)
    }

    /// Looks at the tables as they are at one moment, with every change in them that was answered before.
    ///
    /// - Throws: ``Refusal`` where that takes too long; `CancellationError`.
    func read<Answer: Sendable>(
        for caller: Caller,
        _ body: @escaping @Sendable (SearchReader) throws -> Answer
    ) async throws -> Answer {
        try await turns.turn(of: caller) {
            let searcher = searchers.withLock { $0.popLast() } ?? Searcher()
            defer { searchers.withLock { $0.append(searcher) } }
            do {
                return try await withEngine {
                    try await searcher.read(projection, directory, within: timeLimit, body)
                }
            } catch is TimeLimitExceeded {
                throw Refusal(timedOut: timeLimit)
            }
        }
    }
}

/// Has a thread for one search at a time.
private actor Searcher {
    private nonisolated let executor = ThreadExecutor(label: "search", givesWay: true)

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func read<Answer: Sendable>(
        _ projection: Projection,
        _ directory: Directory,
        within limit: Duration,
        _ body: @Sendable (SearchReader) throws -> Answer
    ) async throws -> Answer {
        // What that takes does not count, since it is not due to this search.
        let tables = try await projection.pin()
        return try await tables.connection.interruptHandle.cancellable(within: limit) {
            try body(SearchReader(tables, directory))
        }
    }
}
