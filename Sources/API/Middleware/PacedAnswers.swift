import DequeModule
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Has the pieces of long answers wait for one another, so that no more of them are in memory than clients take, and only a
/// few are made at once: short answers come between them.
///
/// A writer waits while its channel is full, but the channel knows that only when its event loop has come to what was
/// written before: until then a writer goes on, and a busy event loop gets all of an answer at once.
struct PacedAnswers: RouterMiddleware {
    private let pace: Pace

    /// - Parameter count: How many pieces are made at once.
    init(atOnce count: Int) {
        pace = Pace(count)
    }

    func handle(
        _ request: Request,
        context: InventoryRequestContext,
        next: (Request, InventoryRequestContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        let body = response.body
        guard body.contentLength.map({ $0 > PieceBuffer.size }) ?? true else { return response }
        let (pace, eventLoop) = (pace, context.eventLoop)
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(PacedWriter(writer: writer, eventLoop: eventLoop, pace: pace))
        }
        return response
    }
}

/// Writes an answer that may be long.
struct PacedWriter: ResponseBodyWriter {
    fileprivate var writer: any ResponseBodyWriter
    fileprivate let eventLoop: any EventLoop
    fileprivate let pace: Pace
    /// The turn to make the next piece.
    private var turn: Pace.Turn?

    fileprivate init(writer: any ResponseBodyWriter, eventLoop: any EventLoop, pace: Pace) {
        self.writer = writer
        self.eventLoop = eventLoop
        self.pace = pace
    }

    mutating func write(_ buffer: ByteBuffer) async throws {
        turn = nil
        try await writer.write(buffer)
        try await eventLoop.submit {}.get()
    }

    /// Waits until the next piece may be made; it is made at once then, and written.
    mutating func takeTurn() async {
        turn = await pace.turn()
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        turn = nil
        try await writer.finish(trailingHeaders)
    }
}

/// Lets a few at once go on, the others in the order in which they came.
private final class Pace: Sendable {
    private let state: Mutex<State>

    private struct State {
        var freeCount: Int
        var waiting: Deque<CheckedContinuation<Void, Never>> = []
    }

    /// Lets the next one go on when nobody holds it any more.
    final class Turn: Sendable {
        private let pace: Pace

        init(_ pace: Pace) {
            self.pace = pace
        }

        deinit {
            pace.next()
        }
    }

    init(_ count: Int) {
        state = Mutex(State(freeCount: count))
    }

    func turn() async -> Turn {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.freeCount == 0 { state.waiting.append(continuation) }
                defer { state.freeCount = max(0, state.freeCount - 1) }
                return state.freeCount > 0
            }
            if isFree { continuation.resume() }
        }
        return Turn(self)
    }

    private func next() {
        let continuation = state.withLock { state in
            let continuation = state.waiting.popFirst()
            if continuation == nil { state.freeCount += 1 }
            return continuation
        }
        continuation?.resume()
    }
}
