import Inventory
import Records
import Synchronization

/// Transactions in line. Whoever waits is counted, and one more than the limit is turned away rather than queued.
final class TransactionQueue: Sendable {
    private let limit: Int
    private let state = Mutex(State())

    private struct State {
        var requests: [Request] = []
        /// How many requests wait or are being carried out.
        var count = 0
        /// Whether somebody takes them.
        var isDrained = false
    }

    /// A transaction whose client waits.
    struct Request {
        fileprivate let submitted: SubmittedTransactions
        fileprivate let index: Int

        var transaction: Transaction { submitted.transactions[index] }

        var isDecision: Bool {
            if case .decision = transaction.content { true } else { false }
        }
    }

    /// - Parameter limit: How many transactions may wait at once.
    init(limit: Int) {
        self.limit = limit
    }

    /// Puts transactions in line.
    ///
    /// - Returns: What becomes of them, and whether somebody has to begin to take them.
    func add(_ transactions: [Transaction]) -> (submitted: SubmittedTransactions, mustBegin: Bool) {
        let submitted = SubmittedTransactions(transactions)
        let mustBegin = state.withLock { state -> Bool? in
            guard state.count + transactions.count <= limit else { return nil }
            state.count += transactions.count
            state.requests += transactions.indices.map { Request(submitted: submitted, index: $0) }
            defer { state.isDrained = true }
            return !state.isDrained
        }
        if let mustBegin { return (submitted, mustBegin) }
        let refusal = Refusal(.unavailable, "More than \(limit) writes are waiting; try again soon.")
        for index in transactions.indices { submitted.put(.failure(refusal), at: index) }
        return (submitted, false)
    }

    /// The next transactions, at most so many; nil where there are none, so that the next to come has to begin again.
    func next(_ count: Int) -> [Request]? {
        state.withLock { state in
            let requests = Array(state.requests.prefix(count))
            state.requests.removeFirst(requests.count)
            state.isDrained = !requests.isEmpty
            return requests.isEmpty ? nil : requests
        }
    }

    /// Says what became of the first of some transactions.
    func answer(_ requests: ArraySlice<Request>, with results: [Result<Receipt, any Error>]) {
        state.withLock { $0.count -= results.count }
        for (request, result) in zip(requests, results) { request.submitted.put(result, at: request.index) }
    }
}
