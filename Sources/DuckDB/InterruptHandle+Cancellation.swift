import Synchronization

extension InterruptHandle {
    /// Does something whose statements on the connection end early when the task is cancelled.
    ///
    /// - Throws: `CancellationError` in that case, else what `body` throws.
    package func cancellable<Value>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: () throws -> Value
    ) async throws -> Value {
        let interruption = Interruption(of: self)
        return try await withTaskCancellationHandler {
            // Without this the closure would run anywhere: it has the isolation that it captures (SE-0420).
            _ = isolation
            defer { interruption.end() }
            try Task.checkCancellation()
            do {
                return try body()
            } catch let error as DuckDBError {
                // Interrupted, or failed because of it.
                try Task.checkCancellation()
                throw error
            }
        } onCancel: {
            interruption.begin()
        }
    }
}

/// Interrupts the statements of a connection until it is told to end: one that begins just after an interrupt would not
/// know of it. What the connection does after that is not interrupted.
private final class Interruption: Sendable {
    private let handle: InterruptHandle
    private let hasEnded = Mutex(false)

    private static let interval = Duration.milliseconds(5)

    init(of handle: InterruptHandle) {
        self.handle = handle
    }

    func begin() {
        hasEnded.withLock { hasEnded in
            if !hasEnded { handle.database.interrupted.insert(handle.connectionID) }
        }
        Task.detached { [self] in
            while interrupt() { try await Task.sleep(for: Self.interval) }
        }
    }

    /// - Returns: False after the end.
    private func interrupt() -> Bool {
        hasEnded.withLock { hasEnded in
            if !hasEnded { handle.interrupt() }
            return !hasEnded
        }
    }

    func end() {
        hasEnded.withLock { hasEnded in
            hasEnded = true
            handle.database.interrupted.remove(handle.connectionID)
        }
    }
}
