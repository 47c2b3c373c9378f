import Hummingbird
import Logging
import Metrics
import Store

/// Logs every request with what it asked, how it was answered and how long that took, and counts it.
struct RequestLog: RouterMiddleware {
    func handle(
        _ request: Request,
        context: InventoryRequestContext,
        next: (Request, InventoryRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let duration = ContinuousClock.now - start
        let status = response.status.code
        context.logger.info(
            "request",
            metadata: [
                "method": "\(request.method.rawValue)",
                "path": "\(request.uri.string)",
                "status": "\(status)",
                "bytes": "\(response.body.contentLength ?? 0)",
                "duration": "\(duration.inMilliseconds)",
            ]
        )
        let dimensions = [("method", request.method.rawValue), ("status", String(status))]
        Counter(label: "http_requests_total", dimensions: dimensions).increment()
        Metrics.Timer(label: "http_request_duration_seconds", dimensions: []).record(duration: duration)
        return response
    }
}
