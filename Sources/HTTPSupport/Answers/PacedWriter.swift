import HTTPTypes
import Hummingbird
import NIOCore
import Scheduling
import Synchronization

/// Writes an answer that may be long.
struct PacedWriter: TurnTaker {
    private var writer: any ResponseBodyWriter
    private let eventLoop: any EventLoop
    private let turns: Turns
    private let caller: Caller
    private let longAnswers: LongAnswers
    /// Once it is known to have several pieces.
    private var answer: LongAnswers.Answer?
    /// The turn to make the next piece: one for all copies of the writer, so that it ends when it is said to.
    private let turn = TurnHolder()

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

    var pieceSize: Int { longAnswers.areFew ? 8 * PieceBuffer.size : PieceBuffer.size }

    mutating func write(_ buffer: ByteBuffer) async throws {
        turn.hold(nil)
        try await writer.write(buffer)
        try await eventLoop.submit {}.get()
    }

    mutating func takeTurn() async throws {
        // What was made last may not have been worth sending yet.
        turn.hold(nil)
        if answer == nil { answer = LongAnswers.Answer(among: longAnswers) }
        turn.hold(try await turns.take(of: caller))
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        turn.hold(nil)
        try await writer.finish(trailingHeaders)
    }
}

/// Holds a turn, or none.
private final class TurnHolder: Sendable {
    private let turn = Mutex<Turn?>(nil)

    /// Holds another turn; the one before ends.
    func hold(_ next: Turn?) {
        let before = turn.withLock { turn in
            defer { turn = next }
            return turn
        }
        // Outside of the lock, since others are called then.
        withExtendedLifetime(before) {}
    }
}
