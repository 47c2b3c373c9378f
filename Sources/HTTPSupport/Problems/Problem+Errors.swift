import Hummingbird
package import Logging
import Scheduling
import Schema

/// Says which problem an error is, where it knows the error.
package typealias ProblemTranslation = @Sendable (any Error, Logger) -> Problem?

extension Problem {
    /// The answer to an error, whatever it comes from.
    ///
    /// - Parameter translate: Knows the errors of what is behind the routes.
    package init(_ error: any Error, logger: Logger, _ translate: ProblemTranslation) {
        if let problem = translate(error, logger) {
            self = problem
            return
        }
        switch error {
        case let problem as Problem: self = problem
        case let error as JSONParseError: self.init(.badRequest, "The body is not JSON: \(error).")
        case let error as TurnError: self.init(.serviceUnavailable, "\(error)", headers: Self.retrySoon)
        case let error as HTTPError: self.init(error)
        case is CancellationError:
            self.init(
                .serviceUnavailable,
                "The request was ended early: the server is stopping, or the connection was closed.",
                headers: Self.retrySoon
            )
        default:
            logger.error("a request failed", metadata: ["reason": "\(error)"])
            self.init(.internalServerError, "The server failed; its log says why.")
        }
    }

    private init(_ error: HTTPError) {
        let detail =
            error.status == .notFound ? "There is nothing at this path." : error.body ?? error.status.reasonPhrase
        self.init(error.status, detail, headers: error.headers)
    }

    package static func bodyTooLarge(_ limit: Int) -> Problem {
        let advice = limit == maximumBodySize ? "; send it in parts" : ", which is the most that it may have here"
        return Problem(.contentTooLarge, "The body is larger than \(limit >> 20) MiB\(advice).")
    }

    /// The largest body that has but one document, or one patch, in bytes: more than twice what is stored of a resource.
    package static let maximumDocumentSize = 8 << 20

    /// The largest body that is read, in bytes.
    package static let maximumBodySize = 64 << 20
}
