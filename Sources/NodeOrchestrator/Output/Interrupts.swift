import Foundation
import Synchronization

/// Turns Ctrl-C and SIGTERM into the cancellation of what the program is at, so that it can clear up.
final class Interrupts: Sendable {
    private let state = Mutex(State())
    // Never changed; a source must only live.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    private struct State {
        var cancel: (@Sendable () -> Void)?
        var isPending = false
    }

    init() {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: .global())
        }
        for source in sources {
            source.setEventHandler { [weak self] in
                self?.state.withLock { state in
                    state.isPending = state.cancel == nil
                    state.cancel?()
                }
            }
            source.resume()
        }
    }

    /// Does something that the next interrupt cancels.
    func cancelling<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = Task { try await body() }
        state.withLock { state in
            state.cancel = { task.cancel() }
            // It came just before.
            if state.isPending { task.cancel() }
            state.isPending = false
        }
        defer { state.withLock { $0.cancel = nil } }
        return try await task.value
    }

    /// Whether there was an interrupt while there was nothing to cancel, which nobody has taken.
    var isPending: Bool { state.withLock(\.isPending) }

    /// Whether there was an interrupt while there was nothing to cancel; true once for each.
    func takePending() -> Bool {
        state.withLock { state in
            defer { state.isPending = false }
            return state.isPending
        }
    }
}
