import Inventory
import Records

/// Does something that is cancelled when it takes too long.
///
/// - Throws: ``Refusal`` in that case, else what `body` throws.
package func withTimeLimit<Value: Sendable>(
    _ limit: Duration,
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        if case .some(.some(let value)) = try await group.next() { return value }
        try Task.checkCancellation()
        throw Refusal(timedOut: limit)
    }
}

extension Refusal {
    /// The work took longer than it may.
    package init(timedOut limit: Duration) {
        self.init(
            .timedOut,
            "This took longer than the \(limit / .seconds(1)) s that a search may take (--search-timeout); ask for less at once."
        )
    }
}
