import Audit
import Foundation
import HTTPTypes
import Hummingbird
import Scheduling
import Tokens

/// Records a request where the rule of its route, or its refusal, says that it counts.
struct RequestAudit {
    private let log: AuditLog
    private let kind: AuditEvent.Kind?
    private let request: Request

    init(_ log: AuditLog, _ access: RouteAccess, _ request: Request) {
        self.log = log
        kind = access.auditKind
        self.request = request
    }

    /// Records what is about to be done, where it must not be done without that.
    ///
    /// - Throws: ``Problem`` 503 where it cannot be recorded.
    func begin(_ context: RouteContext) async throws(Problem) {
        guard let kind, kind != .write else { return }
        do {
            try await log.recordFirst(event(kind, context, status: nil, sequence: nil))
        } catch {
            throw Problem(
                .serviceUnavailable,
                "This is written to the audit log before it is done, which cannot be written now; the server's log says why.",
                headers: Problem.retrySoon
            )
        }
    }

    /// Records what was done.
    ///
    /// - Parameter sequence: The last transaction.
    func end(_ context: RouteContext, _ status: HTTPResponse.Status, sequence: @autoclosure () -> UInt64?) {
        if let kind { log.record(event(kind, context, status: status.code, sequence: sequence())) }
    }

    /// Records what was refused, or failed.
    ///
    /// - Returns: What is answered.
    func fail(
        _ context: RouteContext,
        _ error: any Error,
        _ translate: ProblemTranslation
    ) -> any Error {
        if let problem = error as? Problem, [.unauthorized, .forbidden].contains(problem.status) {
            log.record(event(.refusal, context, status: problem.status.code, sequence: nil))
            return problem
        }
        guard let kind else { return error }
        let problem = Problem(error, logger: context.logger, translate)
        log.record(event(kind, context, status: problem.status.code, sequence: nil))
        return problem
    }

    /// How many characters of a path or a subject are recorded.
    private static let maximumLength = 1024

    private static func shortened(_ text: String) -> String {
        text.count > maximumLength ? "\(text.prefix(maximumLength))…" : text
    }

    private func event(
        _ kind: AuditEvent.Kind,
        _ context: RouteContext,
        status: Int?,
        sequence: UInt64?
    ) -> AuditEvent {
        let origin = context.origin
        return AuditEvent(
            time: Date(),
            kind: kind,
            who: context.subject.map(Self.shortened),
            roles: context.identity?.roles.map(\.rawValue).sorted() ?? [],
            address: origin.address,
            method: request.method.rawValue,
            path: Self.shortened(LoggedTarget.path(of: request.uri)),
            status: status,
            sequence: sequence,
            request: origin.request
        )
    }
}

extension RouteAccess {
    /// What requests that are carried out are recorded as; nil for those that only read.
    fileprivate var auditKind: AuditEvent.Kind? {
        switch self {
        case .always, .open, .whoMay(.read): nil
        case .whoMay(.write): .write
        case .whoMay(.administer): .administration
        case .whoMay(.readCredentials): .credentials
        }
    }
}
