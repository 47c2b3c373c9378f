package import HTTPSupport
import HTTPTypes
import Hummingbird
package import Inventory
import Journal
package import Logging
import Records
import Schema
import Store

extension Problem {
    /// The problems that errors of the inventory are.
    package static let ofInventory: ProblemTranslation = { error, logger in
        switch error {
        case let refusal as Refusal: return Problem(refusal)
        case let error as DiskError:
            logger.error("the disk failed a request", metadata: ["reason": "\(error)"])
            return Problem(.serviceUnavailable, "The server has a problem: \(error.reason).", headers: retrySoon)
        case is JournalError, is SnapshotError:
            logger.error("the history failed a request", metadata: ["reason": "\(error)"])
            return Problem(.internalServerError, "The server's history is damaged; its log says where.")
        case let error as EngineError:
            logger.error("DuckDB failed a request", metadata: ["reason": "\(error)"])
            // The message can quote what others have stored.
            return Problem(
                .serviceUnavailable,
                "The server cannot answer this now; its log says why.",
                headers: retrySoon
            )
        case let error as HTTPError where error.status == .notFound && error.body == nil:
            return Problem(.notFound, "There is nothing at this path; /schemas lists what there is.")
        default: return nil
        }
    }

    /// The answer to an error of a route of the inventory.
    package init(_ error: any Error, logger: Logger) {
        self.init(error, logger: logger, Self.ofInventory)
    }

    /// - Parameters:
    ///   - noun: What a message calls an operation, of which there are several, each with its number; nil where messages say by
    ///     themselves what they are about.
    ///   - place: Where in the request an operation stands; nil where there is only one.
    package init(_ refusal: Refusal, of noun: String? = nil, at place: ((_ operation: Int) -> String)? = nil) {
        let problems = refusal.problems
        let first = problems.first { $0.reason == .invalid } ?? problems[0]
        self.init(Self.status(of: first.reason), refusal.summary(of: noun, first))
        if first.reason == .unavailable { headers = Self.retrySoon }
        if first.reason == .uncertain { kind = .mayHaveBeenDone }
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
        case .otherRequest: .unprocessableContent
        case .gone: .gone
        case .timedOut: .gatewayTimeout
        case .unavailable, .uncertain: .serviceUnavailable
        }
    }
}
