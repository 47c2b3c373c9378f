import Foundation
package import Inventory
package import Records

/// What puts transactions in order and keeps them. What counts in it counts; directory and projection are views of it.
///
/// The log's owner, an actor, calls one function at a time, and the next one when that has returned; functions run where the owner
/// is (`nonisolated(nonsending)`), and those that never wait need not be `async`. ``JournalWriter`` is the log in files;
/// `TransactionLogTests` says what each log has to do.
package protocol TransactionLog: AnyObject {
    /// How far it is, as its owner knows it: the last transaction that has come out of ``append(_:after:)`` or
    /// ``beyond(_:)``.
    var tip: ChainPoint { get }

    /// The number that the next transaction gets, behind those of every batch that was appended at ``tip``, whether
    /// that counts or not.
    var next: UInt64 { get }

    /// The time now to the millisecond, but never before one that was given before.
    func now() -> Timestamp

    /// Makes sure that something can be appended, after a failure too.
    ///
    /// - Throws: Why nothing can.
    nonisolated(nonsending) func heal() async throws

    /// Is called now and then while a transaction is worked out that takes long, so that no other server takes over meanwhile.
    func goOnLeading()

    /// Appends a batch of transactions, all or none; none at all always count.
    ///
    /// - Parameters:
    ///   - records: With numbers from ``next`` on, without a gap.
    ///   - point: What the batch goes on from: ``tip``, or it is refused for a ``ForeignPoint``.
    nonisolated(nonsending) func append(_ records: [JournalRecord], after point: ChainPoint) async -> AppendOutcome

    /// Whether the log may have more than has come out of it: after ``AppendOutcome/unknown(_:)``, and where others append, too.
    /// Then ``beyond(_:)`` is asked before anything else is appended.
    var mayHaveMore: Bool { get }

    /// The transactions that count behind a point, in order, each equal to what was appended; of very many the first, and
    /// none where there are no more. After ``AppendOutcome/unknown(_:)`` they say what became of the batch.
    ///
    /// - Throws: When it cannot be said now, or the point is none of this log's.
    nonisolated(nonsending) func beyond(_ point: ChainPoint) async throws -> [(
        record: JournalRecord, point: ChainPoint
    )]

    /// Tells whoever follows the log that all up to ``tip`` is in effect.
    func announce()

    /// Brings everything that counts to stable storage, or finds out whether that is possible again.
    nonisolated(nonsending) func sync() async throws

    /// Accepts no more, so that the next start knows that nothing was lost; only ``keep(from:)`` may be called after it.
    nonisolated(nonsending) func end() async throws

    /// Accepts no more until a restart.
    func stop(for reason: any Error)

    /// Has another server append from now on.
    ///
    /// - Throws: Where there is none, as in a log of one server.
    nonisolated(nonsending) func moveLead(to url: String) async throws

    /// Notes with which credential key is sealed from now on, so that whoever follows the log needs it.
    ///
    /// - Parameter place: Where the key is.
    /// - Throws: ``Refusal`` where somebody lacks it.
    nonisolated(nonsending) func seal(with key: String, from place: String) async throws

    /// Makes sure that whoever follows the log can read a transaction.
    func check(_ record: JournalRecord) throws(Refusal)

    // MARK: Files, where the log has any

    /// Closes the file that is written to, where it has so many bytes, with all before on stable storage.
    nonisolated(nonsending) func rotate(at size: Int) async throws

    /// Notes that files are kept from a number on, so that older ones can be removed.
    nonisolated(nonsending) func keep(from first: UInt64) async throws

    /// Takes note of a file that leads up to the oldest one.
    nonisolated(nonsending) func extend(with older: JournalFolder.Segment) async throws

    /// Does what has to be done about once a second: makes sure that the files are still the log's own, and brings to stable
    /// storage what can wait until nothing is written.
    ///
    /// - Throws: Why nothing may be written any more.
    nonisolated(nonsending) func lookAfter() async throws
}

extension TransactionLog {
    package func goOnLeading() {}

    package func moveLead(to url: String) throws { throw SingleServer() }

    package func seal(with key: String, from place: String) {}

    package func check(_ record: JournalRecord) {}
}

/// A transaction of a log has fields that this version of the program does not have.
package struct UnknownFields: Error, CustomStringConvertible {
    package let description: String

    /// - Parameter fields: Paths such as `ComputeNode.bmc.colour`.
    package init(_ fields: Set<String>, in sequence: UInt64) {
        description =
            "the transaction \(sequence) has fields that this version does not know, \(fields.sorted().joined(separator: ", ")); "
            + "start this server with the version that the others have"
    }
}

/// No other server appends to a log.
package struct SingleServer: Error, CustomStringConvertible {
    package var description: String { "the log has one server" }
}

/// What became of a batch.
package enum AppendOutcome: Sendable {
    /// The batch counts; the place behind each transaction.
    case counts([ChainPoint])
    /// The batch does not count, and never will.
    case refused(any Error)
    /// Whether it counts is not known.
    case unknown(any Error)
}

/// A point that a log does not go on from.
package struct ForeignPoint: Error, CustomStringConvertible {
    package let point: ChainPoint
    /// How far the log is.
    package let tip: ChainPoint

    package init(_ point: ChainPoint, tip: ChainPoint) {
        self.point = point
        self.tip = tip
    }

    package var description: String {
        "the log is at \(tip.sequence) (\(tip.hash)) and does not go on from \(point.sequence) (\(point.hash))"
    }
}
