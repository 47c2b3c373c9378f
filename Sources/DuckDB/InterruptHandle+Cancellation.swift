import Scheduling
import Synchronization

extension InterruptHandle {
    /// Does something whose statements on the connection end early when the task is cancelled.
    ///
    /// - Parameter limit: How long it may take; nil for as long as it likes.
    /// - Throws: `CancellationError` when the task is cancelled, ``TimeLimitExceeded``, else what `body` throws.
    package func cancellable<Value>(
        within limit: Duration? = nil,
        isolation: isolated (any Actor)? = #isolation,
        _ body: () throws -> Value
    ) async throws -> Value {
        let interruption = Interruption(of: self)
        let timer = limit.map { limit in
            Task {
                try await Task.sleep(for: limit)
                interruption.begin()
            }
        }
        defer { timer?.cancel() }
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
                if interruption.hasBegun { throw TimeLimitExceeded() }
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
    private let state = Mutex((hasBegun: false, hasEnded: false))

    private static let interval = Duration.milliseconds(5)

    init(of handle: InterruptHandle) {
        self.handle = handle
    }

    var hasBegun: Bool { state.withLock(\.hasBegun) }

    func begin() {
        state.withLock { state in
            state.hasBegun = true
            if !state.hasEnded { handle.database.interrupted.insert(handle.connectionID) }
        }
        Task.detached { [self] in
            while interrupt() { try await Task.sleep(for: Self.interval) }
        }
    }

    /// - Returns: False after the end.
    private func interrupt() -> Bool {
        state.withLock { state in
            if !state.hasEnded { handle.interrupt() }
            return !state.hasEnded
        }
    }

    func end() {
        state.withLock { state in
            state.hasEnded = true
            handle.database.interrupted.remove(handle.connectionID)
        }
    }
}
