/// Does something that is cancelled when it takes too long.
///
/// - Throws: ``TimeLimitExceeded`` in that case, else what `body` throws.
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
        throw TimeLimitExceeded()
    }
}

/// Something took longer than it may.
package struct TimeLimitExceeded: Error {
    package init() {}
}
