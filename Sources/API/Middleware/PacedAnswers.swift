import HTTPTypes
import Hummingbird
import NIOCore

/// Has the pieces of a long answer wait for one another, so that no more of them are in memory than a client takes.
///
/// A writer waits while its channel is full, but the channel knows that only when its event loop has come to what was
/// written before: until then a writer goes on, and a busy event loop gets all of an answer at once.
struct PacedAnswers: RouterMiddleware {
    func handle(
        _ request: Request,
        context: InventoryRequestContext,
        next: (Request, InventoryRequestContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        let body = response.body
        guard body.contentLength.map({ $0 > PieceBuffer.size }) ?? true else { return response }
        let eventLoop = context.eventLoop
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(PacedWriter(writer: writer, eventLoop: eventLoop))
        }
        return response
    }
}

private struct PacedWriter: ResponseBodyWriter {
    var writer: any ResponseBodyWriter
    let eventLoop: any EventLoop

    mutating func write(_ buffer: ByteBuffer) async throws {
        try await writer.write(buffer)
        try await eventLoop.submit {}.get()
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await writer.finish(trailingHeaders)
    }
}
