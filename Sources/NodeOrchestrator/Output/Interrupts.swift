import ArgumentParser
import Foundation
import Synchronization

/// Turns the first Ctrl-C, and a request to end, into the cancellation of what the program is at, so that it can clear up.
final class Interrupts: Sendable {
    private let state = Mutex(State())
    // Unsafe only in name: the protocol is not Sendable, but the sources are never changed, and must only live.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    private struct State {
        var cancel: (@Sendable () -> Void)?
        /// The signal that has cancelled something.
        var signal: Int32?
        /// Whether Ctrl-C gives up no more than a line, where there is nothing to cancel.
        var isAtPrompt = false
        var isPending = false
    }

    init() {
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: .global())
        }
        for (number, source) in zip([SIGINT, SIGTERM, SIGHUP], sources) {
            source.setEventHandler { [weak self] in self?.take(number) }
            source.resume()
        }
    }

    private func take(_ number: Int32) {
        let isTaken = state.withLock { state in
            if number == SIGINT, state.isAtPrompt, state.cancel == nil {
                state.isPending = true
                return true
            }
            guard let cancel = state.cancel, state.signal == nil else { return false }
            state.signal = number
            cancel()
            return true
        }
        guard !isTaken else { return }
        // There is nothing to clear up, or somebody is tired of waiting for it.
        signal(number, SIG_DFL)
        kill(getpid(), number)
    }

    /// Does something that an interrupt cancels.
    ///
    /// - Throws: `CancellationError` after Ctrl-C at a prompt; otherwise the program's exit status after a signal.
    func cancelling<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = Task { try await body() }
        state.withLock { state in
            state.cancel = { task.cancel() }
            // It came just before.
            if state.isPending { task.cancel() }
            state.isPending = false
        }
        let outcome = await Result { try await task.value }
        let signal = state.withLock { state in
            defer { (state.cancel, state.signal) = (nil, nil) }
            return state.isAtPrompt && state.signal == SIGINT ? nil : state.signal
        }
        if case .failure(let error) = outcome, error is CancellationError, let signal {
            // As shells count an end by a signal.
            throw ExitCode(128 + signal)
        }
        return try outcome.get()
    }

    /// Says that there is a prompt, at which Ctrl-C ends nothing but a line.
    func beginPrompt() { state.withLock { $0.isAtPrompt = true } }

    /// Whether there was an interrupt at the prompt, which nobody has taken.
    var isPending: Bool { state.withLock(\.isPending) }

    /// Whether there was an interrupt at the prompt; true once for each.
    func takePending() -> Bool {
        state.withLock { state in
            defer { state.isPending = false }
            return state.isPending
        }
    }
}
