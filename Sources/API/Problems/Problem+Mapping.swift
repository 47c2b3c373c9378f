import DuckDB
import HTTPTypes
import Hummingbird
import Inventory
import Journal
import Logging
import NIOCore
import Records
import Schema

extension Problem {
    /// The answer to an error, whatever module it comes from: the one place where errors become responses.
    init(_ error: any Error, logger: Logger) {
        switch error {
        case let problem as Problem: self = problem
        case let refusal as Refusal: self.init(refusal)
        case let error as JSONParseError: self.init(.badRequest, "The body is not JSON: \(error).")
        case let error as DiskError:
            logger.error("the disk failed a request", metadata: ["reason": "\(error)"])
            self.init(.serviceUnavailable, "The server has trouble: \(error.reason).", headers: Self.retrySoon)
        case is JournalError, is SnapshotError:
            logger.error("the history failed a request", metadata: ["reason": "\(error)"])
            self.init(.internalServerError, "The server's history is damaged; its log says where.")
        case let error as DuckDBError:
            logger.error("DuckDB failed a request", metadata: ["reason": "\(error)"])
            // Its message can quote what others have stored.
            self.init(
                .serviceUnavailable,
                "The server cannot answer this now; its log says why.",
                headers: Self.retrySoon
            )
        case let error as HTTPError: self.init(error)
        case is CancellationError:
            self.init(
                .serviceUnavailable,
                "This was ended early: the server stops, or the connection was closed.",
                headers: Self.retrySoon
            )
        default:
            logger.error("a request failed", metadata: ["reason": "\(error)"])
            self.init(.internalServerError, "The server failed; its log says why.")
        }
    }

    private init(_ error: HTTPError) {
        let detail =
            error.status == .notFound
            ? "There is nothing at this path; /schemas lists what there is." : error.body ?? error.status.reasonPhrase
        self.init(error.status, detail, headers: error.headers)
    }

    /// - Parameter place: Where in the request an operation stands; nil where there is only one.
    init(_ refusal: Refusal, at place: ((_ operation: Int) -> String)? = nil) {
        let problems = refusal.problems
        let first = problems.first { $0.reason == .invalid } ?? problems[0]
        let more = problems.count > 1 ? " And \(problems.count - 1) more." : ""
        self.init(Self.status(of: first.reason), first.message + more)
        if first.reason == .unavailable { headers = Self.retrySoon }
        oldest = first.oldest
        holder = first.holder.map { ($0.kind.name, $0.id.lowercased) }
        errors = problems.flatMap { problem -> [(pointer: String, message: String)] in
            let base = place?(problem.operation) ?? ""
            if problem.violations.isEmpty { return place == nil ? [] : [(base, problem.message)] }
            return problem.violations.map { (base + $0.pointer.description, $0.message) }
        }
    }

    private static func status(of reason: Refusal.Reason) -> HTTPResponse.Status {
        switch reason {
        case .invalid: .badRequest
        case .notFound: .notFound
        case .conflict: .conflict
        case .unexpected: .preconditionFailed
        case .tooLarge: .contentTooLarge
        case .gone: .gone
        case .timedOut: .gatewayTimeout
        case .unavailable: .serviceUnavailable
        }
    }

    static func bodyTooLarge(_ limit: Int) -> Problem {
        let advice =
            limit == maximumBodySize ? "; send it in parts" : ", which a body of one document or patch may have"
        return Problem(.contentTooLarge, "The body is larger than \(limit >> 20) MiB\(advice).")
    }

    /// The largest body that has but one document, or one patch, in bytes: more than twice what is stored of a resource.
    static let maximumDocumentSize = 8 << 20

    /// The largest body that is read, in bytes.
    static let maximumBodySize = 64 << 20

    private static let retrySoon: HTTPFields = [.retryAfter: "1"]
}
