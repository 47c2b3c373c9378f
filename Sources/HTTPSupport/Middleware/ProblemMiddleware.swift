import Hummingbird

/// Turns every error of a route into a problem document.
struct ProblemMiddleware: RouterMiddleware {
    let translate: ProblemTranslation

    func handle(
        _ request: Request,
        context: RouteContext,
        next: (Request, RouteContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return Problem(error, logger: context.logger, translate).response(from: request, context: context)
        }
    }
}
