import HTTPTypes
import Hummingbird
import NIOCore
import Store

/// Has the pieces of long answers wait for one another, so that no more of them are in memory than clients take, and only a
/// few are made at once, by turns of callers: short answers come between them.
///
/// A writer waits while its channel is full, but the channel knows that only when its event loop has come to what was
/// written before: until then a writer goes on, and a busy event loop gets all of an answer at once.
struct PacedAnswers: RouterMiddleware {
    private let turns: Turns

    /// - Parameter count: How many pieces are made at once.
    init(atOnce count: Int) {
        turns = Turns(places: count, placesEach: count)
    }

    func handle(
        _ request: Request,
        context: InventoryRequestContext,
        next: (Request, InventoryRequestContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        let body = response.body
        guard body.contentLength.map({ $0 > PieceBuffer.size }) ?? true else { return response }
        let (turns, eventLoop, caller) = (turns, context.eventLoop, context.caller)
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(PacedWriter(writer: writer, eventLoop: eventLoop, turns: turns, caller: caller))
        }
        return response
    }
}

/// Writes an answer that may be long.
struct PacedWriter: ResponseBodyWriter {
    private var writer: any ResponseBodyWriter
    private let eventLoop: any EventLoop
    private let turns: Turns
    private let caller: Caller
    /// The turn to make the next piece.
    private var turn: Turn?

    fileprivate init(writer: any ResponseBodyWriter, eventLoop: any EventLoop, turns: Turns, caller: Caller) {
        self.writer = writer
        self.eventLoop = eventLoop
        self.turns = turns
        self.caller = caller
    }

    mutating func write(_ buffer: ByteBuffer) async throws {
        turn = nil
        try await writer.write(buffer)
        try await eventLoop.submit {}.get()
    }

    /// Waits until the next piece may be made; it is made at once then, and written.
    mutating func takeTurn() async throws {
        turn = try await turns.take(of: caller)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        turn = nil
        try await writer.finish(trailingHeaders)
    }
}
