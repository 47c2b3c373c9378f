import GuardedFiles
package import Logging
import Scheduling
import ServiceLifecycle
import Synchronization

/// Someone else who makes tokens, and whose keys are read from a place (RFC 7517) again and again.
package final class TokenIssuer: Service {
    let place: KeyPlace
    let timing: IssuerTiming
    let logger: Logger
    let state = Mutex(State())

    /// What is known of the keys.
    struct State {
        var keys = KeySet()
        /// Counts the changes of the keys.
        var generation = 0
        /// What the keys were read from.
        var text: [UInt8]?
        /// When keys were last to be read, successfully or not.
        var lastAttempt: ContinuousClock.Instant?
        /// Why they cannot be read, and since when.
        var fault = RepeatedFault()
        /// What reads keys just now.
        var reading: SharedReading?
    }

    package init(_ place: KeyPlace, timing: IssuerTiming, logger: Logger) {
        self.place = place
        self.timing = timing
        self.logger = logger
    }

    /// Reads the keys for the first time.
    ///
    /// A server that does not answer is asked again later; until then its tokens are refused.
    ///
    /// - Throws: ``KeySetError`` for a file that cannot be read or has no key that can be used.
    package func begin() async throws {
        if place.isUnprotected {
            logger.warning(
                "keys of tokens are fetched without TLS: whoever is on their way can replace them, and so make tokens",
                metadata: ["from": "\(place)"]
            )
        }
        guard case .file(let file) = place else { return await refresh().wait() }
        let text = try KeyPlace.read(file)
        let keys = try KeySet(json: text)
        guard keys.count > 0 else {
            let reasons = keys.skipped.prefix(Self.maximumLines).map { "key \($0.index): \($0.reason)" }
            throw KeySetError((["it has no key that can be used"] + reasons).joined(separator: "; "))
        }
        state.withLock { $0.lastAttempt = .now }
        put(keys, readFrom: text)
    }

    /// Counts the changes of the keys: what was verified with keys of an earlier number is to be verified again.
    var generation: Int {
        giveUp()
        return state.withLock(\.generation)
    }

    /// The key of a name, with the number of the change that it came with. A name that is not known is looked up at the issuer,
    /// though not often, and all who need to know wait for the same answer.
    func key(_ kid: String) async -> (key: VerificationKey, generation: Int)? {
        if let found = knownKey(kid) { return found }
        guard let reading = refreshIfNotJustDone() else { return nil }
        await reading.wait()
        return knownKey(kid)
    }

    private func knownKey(_ kid: String) -> (key: VerificationKey, generation: Int)? {
        giveUp()
        return state.withLock { state in state.keys[kid].map { ($0, state.generation) } }
    }

    /// Reads the keys again, as long as the server runs.
    package func run() async {
        await cancelWhenGracefulShutdown {
            while true {
                do {
                    try await Task.sleep(for: self.timing.look)
                } catch {
                    return
                }
                self.giveUp()
                if self.isDue { await self.refresh().wait() }
            }
        }
    }

    private var isDue: Bool {
        let (last, isFailing) = state.withLock { ($0.lastAttempt, $0.fault.start != nil) }
        guard let last else { return true }
        if case .file = place { return true }
        return last.duration(to: .now) >= (isFailing ? timing.retry : timing.refresh)
    }
}
