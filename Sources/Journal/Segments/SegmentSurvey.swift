import Foundation
package import Inventory
package import Records

/// What a segment holds that counts, and what is wrong with it, worked out line by line.
///
/// The rules are those of `docs/formats/journal.md`. Each step takes a line and returns what it comes to; it reads no file.
package struct SegmentSurvey {
    /// The first line; nil where it is damaged.
    package private(set) var header: JournalHeader?
    /// The last number that counts: one less than the segment's first where it has none.
    package private(set) var last: UInt64
    /// The hash after it, where that before the segment is known.
    package private(set) var chain: ChainHash?
    /// The time of the last transaction that counts, or of the beginning.
    package private(set) var time: Timestamp?
    /// How many transactions count.
    package private(set) var count = 0
    /// Bytes up to the end of the last transaction that counts.
    package private(set) var goodSize = 0
    /// The highest number that had been given when a clean stop ended it; nil where none did.
    package private(set) var end: UInt64?
    /// The first thing that is not as it should be.
    package private(set) var fault: Fault?
    /// The highest number that something speaks of, whether it counts or not.
    package private(set) var highest: UInt64

    /// The hashes after those transactions that count and were to be watched for.
    package private(set) var seen: [UInt64: ChainHash] = [:]

    /// The number that the file's name has.
    private let first: UInt64
    private let expectation: Expectation
    /// The lines of a transaction that goes on.
    private var parts: [Line] = []
    /// The hash after those.
    private var partChain: ChainHash?

    /// What is known of a segment before it is read.
    package struct Expectation {
        /// The number with which the next segment begins, so that what is before is on stable storage and what is behind
        /// counts for nothing; nil for the last segment.
        var successor: UInt64?
        /// The hash before a segment of format 1, which does not say it itself.
        package var chain: ChainHash?
        /// The hashes after some transactions of the one past that the inventory has; those that the segment has must be
        /// these.
        var points: [UInt64: ChainHash] = [:]
        /// Transactions whose hashes somebody wants to know.
        package var watched: Set<UInt64> = []

        package init(
            successor: UInt64? = nil,
            chain: ChainHash? = nil,
            points: [UInt64: ChainHash] = [:],
            watched: Set<UInt64> = []
        ) {
            self.successor = successor
            self.chain = chain
            self.points = points
            self.watched = watched
        }
    }

    /// A place at which the segment is not as it should be.
    package struct Fault {
        /// The line, from 1.
        package var line: Int
        package var damage: JournalDamage
        /// Whether something says that what stood there was on stable storage; if not, it is a torn tail.
        var isVouchedFor: Bool
        /// Good transactions behind it.
        package var behind = 0
    }

    /// A line of a transaction that counts.
    struct Line {
        var number: Int
        var head: JournalLine.Head
        /// Where the line stands in the file, without its newline.
        var range: Range<Int>
    }

    /// What a line comes to.
    enum Verdict {
        /// Nothing yet.
        case goOn
        /// A transaction is whole: its lines.
        case transaction([Line])
        /// The line and all behind it count for nothing.
        case void
        /// The line is not as it should be.
        case fault
    }

    init(first: UInt64, _ expectation: Expectation = Expectation()) {
        self.first = first
        self.expectation = expectation
        last = first - 1
        highest = last
    }

    /// Whether something that was on stable storage is missing or cannot be read; if not, a fault is a torn tail.
    package var isDamaged: Bool {
        guard let fault else { return false }
        return fault.isVouchedFor || header == nil
    }

    // MARK: Steps

    /// Takes the next line, as long as there is no fault.
    ///
    /// - Parameter bytes: The line without its newline.
    mutating func take(_ line: LineIterator.Line, _ bytes: UnsafeRawBufferPointer) -> Verdict {
        do throws(JournalDamage) {
            guard line.isComplete else { throw JournalDamage("the line ends early") }
            guard end == nil else { throw JournalDamage("something stands behind the end") }
            let content = try JournalLine(bytes)
            switch content {
            case .header(let header): try take(header, line)
            case .end(let number):
                guard parts.isEmpty, number >= last, number < JournalHeader.maximumNumber else {
                    throw JournalDamage("the end is out of place")
                }
                end = number
                highest = max(highest, number)
                goodSize = line.end
            case .record(let head):
                if let successor = expectation.successor, head.sequence >= successor { return .void }
                return try take(head, line, bytes)
            }
            return .goOn
        } catch {
            setFault(error, at: line.number)
            return .fault
        }
    }

    /// Takes back the transaction that ``take(_:_:)`` has just returned: one of its lines cannot be read.
    mutating func refuse(_ line: Line, _ damage: JournalDamage) {
        setFault(damage.whole, at: line.number)
    }

    /// Counts the transaction that ``take(_:_:)`` has just returned.
    mutating func accept(_ lines: [Line]) {
        guard let line = lines.last else { return }
        last = line.head.sequence
        time = line.head.time
        chain = partChain
        count += 1
        // Behind the newline.
        goodSize = line.range.upperBound + 1
        do throws(JournalDamage) {
            try checkPoints()
        } catch {
            setFault(error, at: line.number)
        }
    }

    /// Takes note of what a line behind the fault knows: whether what stood there was on stable storage.
    mutating func takeBehindFault(_ line: LineIterator.Line, _ bytes: UnsafeRawBufferPointer) {
        guard line.isComplete else { return }
        let vouched: UInt64
        do throws(JournalDamage) {
            let content = try JournalLine(bytes)
            switch content {
            case .record(let head):
                if head.isLast { fault?.behind += 1 }
                highest = max(highest, head.sequence)
                vouched = head.synced
            case .end(let number): vouched = number
            case .header: vouched = 0
            }
        } catch {
            return
        }
        highest = max(highest, vouched)
        if vouched > last { fault?.isVouchedFor = true }
    }

    /// Says that there are no more lines that count.
    ///
    /// - Parameters:
    ///   - line: The number of the last one.
    ///   - isVoid: Whether there are more, which do not count.
    mutating func finish(at line: Int, isVoid: Bool) {
        if fault == nil, !isVoid {
            if header == nil {
                setFault(JournalDamage("it has no beginning"), at: line)
            } else if !parts.isEmpty {
                setFault(JournalDamage("the transaction \(last + 1) has no end"), at: line)
            }
        }
        guard let successor = expectation.successor else { return }
        if last == successor - 1, header != nil {
            // What stands behind the last number that counts was given up when the next segment was begun.
            fault = nil
        } else {
            if fault == nil {
                let missing =
                    last + 2 == successor
                    ? "transaction \(last + 1) is" : "transactions \(last + 1) to \(successor - 1) are"
                setFault(JournalDamage("the \(missing) missing"), at: line)
            }
            fault?.isVouchedFor = true
        }
    }

    // MARK: Rules

    private mutating func setFault(_ damage: JournalDamage, at line: Int) {
        fault = Fault(line: line, damage: damage, isVouchedFor: damage.isWhole)
    }

    private mutating func take(_ header: JournalHeader, _ line: LineIterator.Line) throws(JournalDamage) {
        guard line.number == 1, header.first == first else {
            throw JournalDamage("it does not begin the segment \(first)")
        }
        self.header = header
        time = header.time
        chain = header.chain ?? expectation.chain
        partChain = chain
        goodSize = line.end
        try checkPoints()
    }

    /// Takes a line that may belong behind those before it.
    private mutating func take(
        _ head: JournalLine.Head,
        _ line: LineIterator.Line,
        _ bytes: UnsafeRawBufferPointer
    ) throws(JournalDamage) -> Verdict {
        guard let header else { throw JournalDamage("the segment has no beginning") }
        if let begun = parts.last {
            guard head.sequence == begun.head.sequence, head.part == parts.count + 1 else {
                throw JournalDamage("the transaction \(begun.head.sequence) has no end").whole
            }
        } else {
            // Numbers that were given to transactions that failed, or were lost, are passed over up to where the segment
            // was begun: what it took over from the one before has such gaps too.
            guard head.part ?? 1 == 1,
                head.sequence == last + 1 || (last + 1 < head.sequence && head.sequence <= header.next)
            else {
                // No crash takes a line out of the middle.
                throw JournalDamage("the transaction \(head.sequence) does not follow \(last)").whole
            }
        }
        if let before = partChain {
            let hash = JournalLine.chain(after: before, bytes, head)
            guard head.chain ?? hash == hash, (head.chain == nil) == (header.chain == nil) else {
                throw JournalDamage("the transaction \(head.sequence) does not go on from the line before").whole
            }
            partChain = hash
        }
        highest = max(highest, head.sequence)
        parts.append(Line(number: line.number, head: head, range: line.range))
        guard head.isLast else { return .goOn }
        defer { parts = [] }
        return .transaction(parts)
    }

    /// Makes sure that what counts so far is the past that the inventory has.
    private mutating func checkPoints() throws(JournalDamage) {
        if expectation.watched.contains(last) { seen[last] = chain }
        guard let chain, let known = expectation.points[last], known != chain else { return }
        throw JournalDamage("it is not the transaction \(last) that this inventory had").whole
    }
}
