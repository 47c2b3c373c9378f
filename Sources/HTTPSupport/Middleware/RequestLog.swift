import Hummingbird
import HummingbirdCore
import Logging
import Metrics
import Scheduling

/// Logs every request with what it asked, how it was answered and how long that took, and counts it.
struct RequestLog: RouterMiddleware {
    /// Parameters of queries whose values may be in the log.
    let harmlessParameters: Set<String>

    func handle(
        _ request: Request,
        context: RouteContext,
        next: (Request, RouteContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        var response = try await next(request, context)
        let record = Record(
            method: request.method.rawValue,
            target: request.uri,
            harmlessParameters: harmlessParameters,
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

    private struct Record: Sendable {
        var method: String
        var target: URI
        var harmlessParameters: Set<String>
        var status: Int
        var length: Int
        var start: ContinuousClock.Instant
        var logger: Logger

        func finish(aborted: Bool = false) {
            let duration = ContinuousClock.now - start
            logger.info("request", metadata: metadata(duration, aborted: aborted))
            let dimensions = [("method", method), ("status", String(status))]
            Counter(label: "http_requests_total", dimensions: dimensions).increment()
            Metrics.Timer(label: "http_request_duration_seconds", dimensions: []).record(duration: duration)
        }

        private func metadata(_ duration: Duration, aborted: Bool) -> Logger.Metadata {
            var metadata: Logger.Metadata = [
                "method": "\(method)", "path": "\(LoggedTarget(target, harmless: harmlessParameters))",
                "status": .stringConvertible(status),
                "bytes": .stringConvertible(length), "duration_ms": .stringConvertible(duration.milliseconds),
            ]
            if aborted { metadata["aborted"] = "the client hung up" }
            return metadata
        }
    }
}
