import Scheduling
import Synchronization

/// The answer to a statement, piece by piece. When nobody holds it any more, the statement ends.
package final class QueryAnswer: Sendable {
    /// The number of the transaction that it is as of.
    package let sequence: UInt64
    package let format: QueryFormat
    private let first: Mutex<[UInt8]?>
    private let run: WorkerRun

    init(sequence: UInt64, format: QueryFormat, first: [UInt8]?, _ run: WorkerRun) {
        self.sequence = sequence
        self.format = format
        self.first = Mutex(first)
        self.run = run
        if first == nil { run.finish() }
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
