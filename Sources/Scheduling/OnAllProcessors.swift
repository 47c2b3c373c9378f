import Dispatch
import Synchronization

/// Calls a function for each number below a count, on all processors.
///
/// - Returns: What each call came to, in the order of the numbers.
package func onAllProcessors<Success: Sendable>(
    _ count: Int,
    _ body: @Sendable (Int) throws -> Success
) -> [Result<Success, any Error>] {
    let results = Mutex([Result<Success, any Error>?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
        let result = Result { try body(index) }
        results.withLock { $0[index] = result }
    }
    return results.withLock { $0.compactMap(\.self) }
}
