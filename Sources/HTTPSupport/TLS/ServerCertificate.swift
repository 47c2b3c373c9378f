import Foundation
package import Logging
import Metrics
import NIOSSL
import ServiceLifecycle
import Synchronization

/// What a server secures connections with, read again when its files change.
package final class ServerCertificate: Service {
    private let files: CertificateFiles
    private let logger: Logger
    private let state: Mutex<State>

    private struct State {
        /// What the files had when they could be used last.
        var content: CertificateFiles.Content
        var context: NIOSSLContext
        /// Why the files cannot be used now, as the log has it; nil while they can.
        var problem: String?
    }

    /// How often the files are looked at.
    private static let look = Duration.seconds(5)

    /// Reads the files for the first time.
    package init(_ files: CertificateFiles, logger: Logger) throws(CertificateError) {
        let content = try files.read()
        let (context, end) = try files.context(content)
        self.files = files
        self.logger = logger
        state = Mutex(State(content: content, context: context))
        note(end)
    }

    /// What new connections are secured with.
    var context: NIOSSLContext { state.withLock(\.context) }

    /// Reads the files again. Those that cannot be used change nothing, and the log says why.
    package func refresh() {
        do throws(CertificateError) {
            let content = try files.read()
            guard content != state.withLock(\.content) else { return recover() }
            let (context, end) = try files.context(content)
            state.withLock { $0 = State(content: content, context: context) }
            logger.notice("the TLS certificate was read again", metadata: ["ends": "\(end.formatted(.iso8601))"])
            note(end)
        } catch {
            fail(error.description)
        }
    }

    private func recover() {
        let problem = state.withLock { state in
            defer { state.problem = nil }
            return state.problem
        }
        if problem != nil { logger.notice("the files of the TLS certificate are again those that are in force") }
    }

    private func fail(_ reason: String) {
        let isNews = state.withLock { state in
            defer { state.problem = reason }
            return state.problem != reason
        }
        guard isNews else { return }
        logger.error(
            "the files of the TLS certificate cannot be used; the certificate that was read before stays in force",
            metadata: ["reason": "\(reason)"]
        )
    }

    private func note(_ end: Date) {
        Gauge(label: "tls_certificate_end_timestamp_seconds").record(end.timeIntervalSince1970)
        guard end < .now else { return }
        logger.warning(
            "the TLS certificate has ended: clients refuse it",
            metadata: ["ended": "\(end.formatted(.iso8601))"]
        )
    }

    /// Looks at the files as long as the server runs.
    package func run() async {
        await cancelWhenGracefulShutdown {
            while true {
                do {
                    try await Task.sleep(for: Self.look)
                } catch {
                    return
                }
                self.refresh()
            }
        }
    }
}
