import HTTPTypes
import Hummingbird
import NIOCore
import Scheduling

/// Has the pieces of long answers wait for one another, so that no more of them are in memory than clients take, and only a
/// few are made at once, by turns of callers: short answers come between them.
///
/// A writer waits while its channel is full, but the channel knows that only when its event loop has come to what was
/// written before: until then a writer goes on, and a busy event loop gets all of an answer at once.
struct PacedAnswers: RouterMiddleware {
    private let turns: Turns
    private let longAnswers = LongAnswers()

    /// - Parameter count: How many pieces are made at once.
    init(atOnce count: Int) {
        turns = Turns(places: count, placesEach: count)
    }

    func handle(
        _ request: Request,
        context: RouteContext,
        next: (Request, RouteContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        let body = response.body
        guard body.contentLength.map({ $0 > PieceBuffer.size }) ?? true else { return response }
        let (eventLoop, caller) = (context.eventLoop, context.caller)
        response.body = ResponseBody(contentLength: body.contentLength) { [turns, longAnswers] writer in
            try await body.write(
                PacedWriter(writer: writer, eventLoop: eventLoop, turns: turns, caller: caller, among: longAnswers)
            )
        }
        return response
    }
}
