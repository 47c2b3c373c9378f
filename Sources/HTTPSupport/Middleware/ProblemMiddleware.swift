import HTTPTypes
import Hummingbird

/// Turns every error of a route into a problem document, and answers what is of no route.
struct ProblemMiddleware: RouterMiddleware {
    let translate: ProblemTranslation

    func handle(
        _ request: Request,
        context: RouteContext,
        next: (Request, RouteContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound && error.body == nil {
            return try withoutRoute(request, error, context)
        } catch {
            return problem(error, request, context)
        }
    }

    private func problem(_ error: any Error, _ request: Request, _ context: RouteContext) -> Response {
        Problem(error, logger: context.logger, translate).response(from: request, context: context)
    }

    /// What is answered where no path has the method.
    private func withoutRoute(_ request: Request, _ error: HTTPError, _ context: RouteContext) throws -> Response {
        // RFC 9110, section 9.1.
        guard HTTPRequest.Method.known.contains(request.method) else {
            let problem = Problem(.notImplemented, "No path supports the method \(request.method.rawValue).")
            return problem.response(from: request, context: context)
        }
        // RFC 9110, section 9.3.7: of the server as a whole.
        if request.method == .options, request.uri.string == "*" {
            let served = HTTPRequest.Method.served.map(\.rawValue).joined(separator: ", ")
            return Response(status: .noContent, headers: [.allow: served])
        }
        return problem(error, request, context)
    }
}
