import Records
import Synchronization

/// Transactions that are in line or carried out, and what became of them.
package final class SubmittedTransactions: Sendable {
    let transactions: [Transaction]
    private let state: Mutex<State>

    private struct State {
        var results: [Result<Receipt, any Error>?]
        var missing: Int
        var waiter: CheckedContinuation<Void, Never>?
    }

    init(_ transactions: [Transaction]) {
        self.transactions = transactions
        state = Mutex(State(results: Array(repeating: nil, count: transactions.count), missing: transactions.count))
    }

    /// Takes note of what became of one.
    func put(_ result: Result<Receipt, any Error>, at index: Int) {
        let waiter = state.withLock { state in
            state.results[index] = result
            state.missing -= 1
            return state.missing == 0 ? state.waiter.take() : nil
        }
        waiter?.resume()
    }

    /// What became of each, once all are done; only one may wait for it.
    func results() async -> [Result<Receipt, any Error>] {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.missing > 0 { state.waiter = continuation }
                return state.missing == 0
            }
            if isDone { continuation.resume() }
        }
        return state.withLock { $0.results.compactMap(\.self) }
    }
}
