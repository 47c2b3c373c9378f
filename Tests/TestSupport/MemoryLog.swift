package import Inventory
package import Journal
package import Records
import Synchronization

/// A log that keeps its transactions in memory, and fails as a test wants.
package final class MemoryLog: TransactionLog {
    private var transactions: [(record: JournalRecord, point: ChainPoint)] = []
    private var lastTime = Timestamp(microseconds: 0)
    private var ending: (any Error)?
    private let control: Control

    package private(set) var next: UInt64 = 1

    package init(_ control: Control = Control()) {
        self.control = control
    }

    /// What a test does to a log that it has given away.
    package final class Control: Sendable {
        private let state = Mutex(State())

        private struct State {
            var faults: [Fault] = []
            var isUnreadable = false
            var calls: [String] = []
            var pause: (@Sendable () async -> Void)?
        }

        package init() {}

        /// What becomes of the next appends that something is to become of.
        package func fail(_ faults: Fault...) { state.withLock { $0.faults += faults } }

        /// Whether it cannot be said what is beyond a point.
        package var isUnreadable: Bool {
            get { state.withLock(\.isUnreadable) }
            set { state.withLock { $0.isUnreadable = newValue } }
        }

        /// What each append waits for before anything becomes of it.
        package func pause(_ pause: @escaping @Sendable () async -> Void) { state.withLock { $0.pause = pause } }

        /// The functions that were called and have returned, by name.
        package var calls: [String] { state.withLock(\.calls) }

        fileprivate func note(_ call: String) { state.withLock { $0.calls.append(call) } }

        fileprivate var currentPause: (@Sendable () async -> Void)? { state.withLock(\.pause) }

        fileprivate func nextFault() -> Fault? {
            state.withLock { $0.faults.isEmpty ? nil : $0.faults.removeFirst() }
        }
    }

    /// A way to fail.
    package enum Fault: Sendable {
        case refuses
        /// Nobody says whether the batch counts, and it does, or does not.
        case isSilent(counts: Bool)
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package private(set) var tip = ChainPoint.beginning

    package private(set) var mayHaveMore = false

    package func now() -> Timestamp {
        lastTime = Timestamp(microseconds: lastTime.microseconds + 1000)
        return lastTime
    }

    package func heal() throws {
        if let ending { throw ending }
    }

    package nonisolated(nonsending) func append(
        _ records: [JournalRecord],
        after point: ChainPoint
    ) async -> AppendOutcome {
        await control.currentPause?()
        defer { control.note("append") }
        if records.isEmpty { return .counts([]) }
        if let ending { return .refused(ending) }
        guard point == tip, tip == last else { return .refused(ForeignPoint(point, tip: tip)) }
        let fault = control.nextFault()
        let failure = Failure(description: "the connection broke")
        next += UInt64(records.count)
        switch fault {
        case .refuses: return .refused(failure)
        case .isSilent(let counts):
            if counts { keep(records) }
            mayHaveMore = true
            return .unknown(failure)
        case nil:
            let points = keep(records)
            tip = last
            return .counts(points)
        }
    }

    /// The last transaction that counts.
    private var last: ChainPoint { transactions.last?.point ?? .beginning }

    @discardableResult
    private func keep(_ records: [JournalRecord]) -> [ChainPoint] {
        records.map { record in
            let hash = Array("\(record)".utf8).withUnsafeBytes { last.hash.followed(by: $0, $0) }
            transactions.append((record, ChainPoint(sequence: record.sequence, hash: hash)))
            return last
        }
    }

    package func beyond(_ point: ChainPoint) throws -> [(record: JournalRecord, point: ChainPoint)] {
        if control.isUnreadable { throw Failure(description: "the log is out of reach") }
        tip = last
        mayHaveMore = false
        if point == .beginning { return transactions }
        guard let index = transactions.firstIndex(where: { $0.point == point }) else {
            throw ForeignPoint(point, tip: tip)
        }
        return Array(transactions[(index + 1)...])
    }

    package func announce() {}

    package func sync() throws {
        control.note("sync")
        try heal()
    }

    package func rotate(at size: Int) throws {
        control.note("rotate")
        try heal()
    }

    package func keep(from first: UInt64) {}
    package func extend(with older: JournalFolder.Segment) {}
    package func lookAfter() throws { try heal() }

    package func end() {
        control.note("end")
        ending = Failure(description: "the log has ended")
    }

    package func stop(for reason: any Error) { ending = reason }
}
