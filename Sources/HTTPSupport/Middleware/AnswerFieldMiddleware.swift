import HTTPTypes
import Hummingbird

/// Gives every answer a field that says as of when it is, unless the route has said that: of what reads, as it was before; of
/// what writes, as it is after.
struct AnswerFieldMiddleware: RouterMiddleware {
    let field: @Sendable () -> HTTPField

    func handle(
        _ request: Request,
        context: RouteContext,
        next: (Request, RouteContext) async throws -> Response
    ) async throws -> Response {
        let before = request.method == .get || request.method == .head ? field() : nil
        var response = try await next(request, context)
        let field = before ?? self.field()
        if response.headers[field.name] == nil { response.headers.append(field) }
        return response
    }
}
