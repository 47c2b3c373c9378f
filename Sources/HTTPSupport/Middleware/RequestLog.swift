import Hummingbird

/// Logs every request with what it asked, how it was answered and how long that took, and counts it.
struct RequestLog: RouterMiddleware {
    func handle(
        _ request: Request,
        context: RouteContext,
        next: (Request, RouteContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        var response = try await next(request, context)
        let record = RequestRecord(
            method: request.method.rawValue,
            path: request.uri.string,
            status: response.status.code,
            length: response.body.contentLength ?? 0,
            start: start,
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
