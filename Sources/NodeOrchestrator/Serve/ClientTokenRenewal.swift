import Foundation
import GuardedFiles
import Logging
import ServiceLifecycle
import Tokens

/// Keeps a token for clients on this machine that they can use, however long the server runs.
struct ClientTokenRenewal: Service {
    let folder: KeyFolder
    let key: WatchedValue<TokenKey>
    let logger: Logger

    /// How long is waited at most: clocks are set, files are removed, and what failed is tried again.
    private static let longestPause = Duration.seconds(3600)
    /// How often it is looked whether the secret has changed.
    private static let look = Duration.seconds(1)

    func run() async {
        await cancelWhenGracefulShutdown {
            while true {
                let generation = key.generation
                let next = ContinuousClock.now + (await renew())
                while key.generation == generation, ContinuousClock.now < next {
                    do {
                        try await Task.sleep(for: Self.look)
                    } catch {
                        return
                    }
                }
            }
        }
    }

    /// - Returns: After how long to look again.
    private func renew() async -> Duration {
        do {
            let due = try await folder.renewClientToken(key.value, logger: logger)
            return min(.seconds(max(due.timeIntervalSinceNow, 0)), Self.longestPause)
        } catch {
            logger.error(
                "the token for clients on this machine cannot be renewed; trying again",
                metadata: ["reason": "\(error)", "in": "\(Self.longestPause)"]
            )
            return Self.longestPause
        }
    }
}
