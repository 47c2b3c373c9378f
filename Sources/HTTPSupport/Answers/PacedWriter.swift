import HTTPTypes
import Hummingbird
import NIOCore
import Scheduling

/// Writes an answer that may be long.
struct PacedWriter: ResponseBodyWriter {
    private var writer: any ResponseBodyWriter
    private let eventLoop: any EventLoop
    private let turns: Turns
    private let caller: Caller
    private let longAnswers: LongAnswers
    /// Once it is known to have several pieces.
    private var answer: LongAnswers.Answer?
    /// The turn to make the next piece.
    private var turn: Turn?

    init(
        writer: any ResponseBodyWriter,
        eventLoop: any EventLoop,
        turns: Turns,
        caller: Caller,
        among longAnswers: LongAnswers
    ) {
        self.writer = writer
        self.eventLoop = eventLoop
        self.turns = turns
        self.caller = caller
        self.longAnswers = longAnswers
    }

    /// The size of the next piece, in bytes: large ones cost less, but each client that does not read holds two.
    var pieceSize: Int { longAnswers.areFew ? 8 * PieceBuffer.size : PieceBuffer.size }

    mutating func write(_ buffer: ByteBuffer) async throws {
        turn = nil
        try await writer.write(buffer)
        try await eventLoop.submit {}.get()
    }

    /// Waits until the next piece may be made; it is made at once then, and written.
    mutating func takeTurn() async throws {
        if answer == nil { answer = LongAnswers.Answer(among: longAnswers) }
        turn = try await turns.take(of: caller)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        turn = nil
        try await writer.finish(trailingHeaders)
    }
}
