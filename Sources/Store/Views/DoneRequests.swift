import DequeModule
import Foundation
import Inventory
import Records
import Synchronization
import Tables

/// The requests with a key that were done lately, by their keys: a view of the log, as the directory is.
final class DoneRequests: Sendable {
    private let state = Mutex(State())

    private struct State {
        /// In the order of their transactions.
        var requests: Deque<DoneRequest> = []
        var byScope: [Hash128: DoneRequest] = [:]
        /// The keys of requests that are being carried out.
        var running: Set<Hash128> = []
    }

    /// How long a request is known, in microseconds, and how many are.
    private static let (age, maximumCount): (Int64, Int) = (24 * 3_600_000_000, 100_000)

    /// Takes note of a request that was done behind all before.
    func add(_ request: DoneRequest) {
        state.withLock { state in
            state.requests.append(request)
            state.byScope[request.scope] = request
            while let first = state.requests.first,
                state.requests.count > Self.maximumCount
                    || request.time.microseconds - first.time.microseconds > Self.age
            {
                state.requests.removeFirst()
                if state.byScope[first.scope] == first { state.byScope[first.scope] = nil }
            }
        }
    }

    /// The request that was done with a key; nil where there is none, or none any more.
    func request(_ scope: Hash128) -> DoneRequest? {
        guard let found = state.withLock({ $0.byScope[scope] }) else { return nil }
        let now = Timestamp(millisecondOf: Date())
        return now.microseconds - found.time.microseconds > Self.age ? nil : found
    }

    /// Notes that a request is being carried out.
    ///
    /// - Returns: False where one with its key is.
    func begin(_ scope: Hash128) -> Bool { state.withLock { $0.running.insert(scope).inserted } }

    /// Notes that a request is not carried out any more.
    func end(_ scope: Hash128) { _ = state.withLock { $0.running.remove(scope) } }

    /// Those that were done up to a transaction.
    func all(through sequence: UInt64) -> [DoneRequest] {
        state.withLock { $0.requests.filter { $0.sequence <= sequence } }
    }
}

/// What has a transaction not be carried out: its request was done before.
struct AlreadyDone: Error {
    let request: DoneRequest
}
