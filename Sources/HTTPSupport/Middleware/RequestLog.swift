import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// Finds out whose each request is and what it is called, logs it with how it was answered and how long that took, and
/// counts it.
struct RequestLog: RouterMiddleware {
    let proxies: TrustedProxies
    /// Parameters of queries whose values may be in the log.
    let harmlessParameters: Set<String>

    func handle(
        _ request: Request,
        context: RouteContext,
        next: (Request, RouteContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        // Most requests change nothing of what is known of them, which then need not be copied.
        if proxies.isEmpty, !request.headers.contains(.requestID), let id = context.logger.requestID {
            return logged(try await next(request, context), request, context, id: id, since: start)
        }
        var context = context
        context.forwarding = proxies.forwarding(by: context.peer, request.headers)
        let id = context.logger.nameRequest(with: request.headers)
        return logged(try await next(request, context), request, context, id: id, since: start)
    }

    /// An answer with what the request is called, which is logged when it is sent.
    private func logged(
        _ response: consuming Response,
        _ request: Request,
        _ context: RouteContext,
        id: String,
        since start: ContinuousClock.Instant
    ) -> Response {
        response.headers.append(HTTPField(name: .requestID, value: id))
        let record = RequestRecord(
            method: request.method.rawValue,
            target: LoggedTarget(request.uri, harmless: harmlessParameters),
            status: response.status.code,
            length: response.body.contentLength ?? 0,
            start: start,
            peer: context.peer,
            forwarding: context.forwarding,
            logger: context.logger
        )
        let body = response.body
        guard body.contentLength.map({ $0 > Self.longBody }) ?? true else {
            record.finish()
            return response
        }
        let answer = OngoingAnswer(record)
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(CountingWriter(writer, answer))
            answer.finish()
        }
        return response
    }

    /// From how many bytes on a request is finished only when its body is sent, as one is whose length nobody knows before;
    /// shorter ones are sent at once.
    private static let longBody = 1 << 20
}
