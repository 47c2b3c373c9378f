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
        var context = context
        context.forwarding = proxies.forwarding(by: context.peer, request.headers)
        let id = context.takeID(of: request)
        var response = try await next(request, context)
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
        guard record.length > Self.longBody else {
            record.finish()
            return response
        }
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            do {
                try await body.write(writer)
            } catch {
                record.finish(aborted: true)
                throw error
            }
            record.finish()
        }
        return response
    }

    /// From how many bytes on a request is finished only when its body is sent; shorter ones are sent at once.
    private static let longBody = 1 << 20
}

extension RouteContext {
    /// Takes what the request is called by whoever sends it, or else what the server calls it; the log has that in each line.
    fileprivate mutating func takeID(of request: Request) -> String {
        if let given = request.headers[.requestID], given.isRequestID {
            logger[metadataKey: RequestRecord.idKey] = "\(given)"
            return given
        }
        if let made = logger[metadataKey: RequestRecord.idKey] { return made.description }
        let made = RequestID().description
        logger[metadataKey: RequestRecord.idKey] = "\(made)"
        return made
    }
}

extension String {
    /// How long what a client calls its request may be, in bytes.
    private static let maximumRequestIDLength = 128

    /// Whether it may stand in a log for a request: printable, without spaces, and not long.
    var isRequestID: Bool {
        (1...Self.maximumRequestIDLength).contains(utf8.count) && utf8.allSatisfy { 0x21...0x7E ~= $0 }
    }
}
