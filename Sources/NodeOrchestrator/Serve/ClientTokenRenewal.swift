import Foundation
import Logging
import ServiceLifecycle
import Tokens

/// Keeps a token for clients on this machine that they can use, however long the server runs.
struct ClientTokenRenewal: Service {
    let folder: KeyFolder
    let key: TokenKey
    let logger: Logger

    /// How long is waited at most: clocks are set, files are removed, and what failed is tried again.
    private static let longestPause = Duration.seconds(3600)

    func run() async {
        await cancelWhenGracefulShutdown {
            while true {
                let pause = await renew()
                do {
                    try await Task.sleep(for: pause)
                } catch {
                    return
                }
            }
        }
    }

    /// - Returns: After how long to look again.
    private func renew() async -> Duration {
        do {
            let due = try await folder.renewClientToken(key, logger: logger)
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
