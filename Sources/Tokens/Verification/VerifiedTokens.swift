import Crypto
import Foundation
import Synchronization

/// Tokens whose signature was found good: clients send the same one with each request, and to verify it costs more
/// than most of what they ask for. A token is known by its SHA-256 and never kept itself.
final class VerifiedTokens: Sendable {
    private struct State {
        var tokens: [SHA256Digest: VerifiedToken] = [:]
        /// Which keys they were verified with.
        var generation = 0
        /// When the first of them ends, in seconds since 1970.
        var firstEnd = Double.infinity
    }

    private let state = Mutex(State())
    /// With one more all are forgotten.
    static let maximumCount = 1024

    var count: Int { state.withLock(\.tokens.count) }

    /// A token that was found good.
    ///
    /// - Parameters:
    ///   - generation: Of the keys that are in force; tokens of earlier ones are forgotten.
    ///   - now: Tokens that have ended are forgotten.
    func token(_ digest: SHA256Digest, generation: Int, at now: Date) -> VerifiedToken? {
        state.withLock { state in
            Self.forget(&state, generation, now.timeIntervalSince1970)
            return state.tokens[digest]
        }
    }

    /// Remembers a token that was found good with keys of a generation, unless it has ended or there are later keys by now.
    func add(_ digest: SHA256Digest, _ token: VerifiedToken, generation: Int, at now: Date) {
        let seconds = now.timeIntervalSince1970
        guard let end = token.claims.end, seconds < end else { return }
        state.withLock { state in
            Self.forget(&state, generation, seconds)
            guard generation == state.generation else { return }
            if state.tokens.count >= Self.maximumCount { Self.forgetAll(&state) }
            state.tokens[digest] = token
            state.firstEnd = min(state.firstEnd, end)
        }
    }

    private static func forget(_ state: inout State, _ generation: Int, _ seconds: Double) {
        if generation > state.generation {
            forgetAll(&state)
            state.generation = generation
        }
        guard state.firstEnd <= seconds else { return }
        state.tokens = state.tokens.filter { seconds < $0.value.claims.end ?? 0 }
        state.firstEnd = state.tokens.values.compactMap(\.claims.end).min() ?? .infinity
    }

    private static func forgetAll(_ state: inout State) {
        state.tokens.removeAll(keepingCapacity: true)
        state.firstEnd = .infinity
    }
}
