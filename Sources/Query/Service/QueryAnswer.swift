import Scheduling
import Synchronization

/// The answer to a statement, piece by piece. When nobody holds it any more, the statement ends.
package final class QueryAnswer: Sendable {
    /// The number of the transaction that it is as of.
    package let sequence: UInt64
    package let format: QueryFormat
    /// The whole answer, where it has one piece.
    package let whole: [UInt8]?
    private let first: Mutex<[UInt8]?>
    private let run: WorkerRun

    /// Begins to read an answer.
    ///
    /// - Throws: ``QueryFailure``; ``BrokenConnection`` where the worker's process is gone.
    init(sequence: UInt64, format: QueryFormat, _ run: WorkerRun) async throws {
        self.sequence = sequence
        self.format = format
        self.run = run
        let piece = try await run.worker.next()
        var isWhole = piece == nil
        if let piece, piece.count < Answer.pieceSize {
            // The end follows, and is waited for: a process that dies before costs nothing then.
            guard try await run.worker.next() == nil else {
                throw BrokenConnection(description: "the worker sends more after a small piece")
            }
            isWhole = true
        }
        whole = isWhole ? piece ?? [] : nil
        first = Mutex(piece)
        if isWhole { run.finish() }
    }

    /// The next piece; nil at the end. Only one may ask at a time.
    ///
    /// - Throws: ``QueryFailure``; `CancellationError`.
    package func next() async throws -> [UInt8]? {
        let first = first.withLock { first in
            defer { first = nil }
            return first
        }
        if let first { return first }
        guard !run.isOver else { return nil }
        do {
            let piece = try await run.during { [run] in try await run.worker.next() }
            if piece == nil { run.finish() }
            return piece
        } catch let error as BrokenConnection {
            throw QueryFailure(.failed, "The process that carries out the statement is gone: \(error).")
        }
    }
}
