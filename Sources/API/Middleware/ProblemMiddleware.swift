import Hummingbird

/// Turns every error of a route into a problem document.
struct ProblemMiddleware: RouterMiddleware {
    func handle(
        _ request: Request,
        context: InventoryRequestContext,
        next: (Request, InventoryRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return Problem(error, logger: context.logger).response(from: request, context: context)
        }
    }
}
