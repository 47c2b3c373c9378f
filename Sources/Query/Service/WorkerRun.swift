import Scheduling
import Synchronization

/// A worker at a statement: it is ended where that takes too long, or where nobody wants the answer any more.
final class WorkerRun: Sendable {
    let worker: Worker
    private let limits: QueryLimits
    private let turn: Turn
    private let leave: @Sendable (_ isUsable: Bool) -> Void
    private let state = Mutex(State())
    private let timer = Mutex<Task<Void, any Error>?>(nil)

    private struct State {
        var isOver = false
        var isLate = false
    }

    /// How long after its time limit a statement may take to end by itself.
    private static let grace = Duration.seconds(1)

    /// - Parameter leave: Takes the worker back; it may be used again or not.
    init(
        _ worker: Worker,
        _ limits: QueryLimits,
        _ turn: Turn,
        until deadline: ContinuousClock.Instant,
        _ leave: @escaping @Sendable (_ isUsable: Bool) -> Void
    ) {
        self.worker = worker
        self.limits = limits
        self.turn = turn
        self.leave = leave
        let timer = Task { [weak self] in
            try await Task.sleep(until: deadline + Self.grace)
            self?.stop(isLate: true)
        }
        self.timer.withLock { $0 = timer }
    }

    var isOver: Bool { state.withLock(\.isOver) }

    /// Does something with the worker, which is ended when the task is cancelled.
    func during<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        do {
            return try await withTaskCancellationHandler {
                try Task.checkCancellation()
                return try await body()
            } onCancel: {
                stop(isLate: false)
            }
        } catch let error as BrokenConnection {
            end(isUsable: false)
            try Task.checkCancellation()
            if state.withLock(\.isLate) { throw QueryFailure(timedOut: limits.time) }
            throw error
        } catch let failure as QueryFailure {
            end(isUsable: failure.reason.leavesProcessUsable)
            throw failure
        } catch {
            // Something of the server's own; the worker waits for another statement.
            end(isUsable: !Task.isCancelled)
            throw error
        }
    }

    /// Ends the worker, unless it may be somebody else's already.
    private func stop(isLate: Bool) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.isLate = isLate
            worker.end()
        }
    }

    /// Says that the answer is complete.
    func finish() { end(isUsable: true) }

    private func end(isUsable: Bool) {
        let isFirst = state.withLock { state in
            defer { state.isOver = true }
            return !state.isOver
        }
        guard isFirst else { return }
        timer.withLock { $0?.cancel() }
        leave(isUsable)
    }

    deinit {
        end(isUsable: false)
    }
}
