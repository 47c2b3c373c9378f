import Foundation
import Inventory
import Schema

/// What a segment holds that counts, and what is wrong with it.
///
/// The rules are those of `docs/formats/journal.md`.
struct SegmentSurvey {
    /// The first line; nil where it is damaged.
    var header: JournalHeader?
    /// The last number that counts: one less than the segment's first where it has none.
    var last: UInt64
    /// The time of the last transaction that counts, or of the beginning.
    var time: Timestamp?
    /// How many transactions count.
    var count = 0
    /// Bytes up to the end of the last transaction that counts.
    var goodSize = 0
    /// The highest number that had been given when a clean stop ended it; nil where none did.
    var end: UInt64?
    /// The first thing that is not as it should be.
    var fault: Fault?
    /// The highest number that something speaks of, whether it counts or not.
    var highest: UInt64
    /// Whether the last line can be read, so that nothing can have been behind ``highest``.
    var endsWell = false

    /// Whether something that was on stable storage is missing or cannot be read; if not, a fault is a torn tail.
    var isDamaged: Bool {
        guard let fault else { return false }
        return fault.isVouchedFor || header == nil
    }

    private let checksChanges: Bool

    /// A place at which the segment is not as it should be.
    struct Fault {
        /// The line, from 1.
        var line: Int
        var damage: JournalDamage
        /// Whether something says that what stood there was on stable storage; if not, it is a torn tail.
        var isVouchedFor: Bool
        /// Good transactions behind it.
        var behind: Int
    }

    /// - Throws: ``JournalError`` when another version of the program has written the segment.
    func checkFormat(of segment: JournalFolder.Segment) throws(JournalError) {
        guard let fault, fault.damage.isOtherFormat else { return }
        throw .otherFormat(file: segment.path.path, reason: fault.damage.description)
    }

    /// A line of a transaction that counts.
    struct Line {
        var number: Int
        var head: JournalLine.Head
        /// Where the line stands in the file, without its newline.
        var range: Range<Int>
    }

    /// Reads a segment from its beginning to its end.
    ///
    /// - Parameters:
    ///   - successor: The number with which the next segment begins; nil for the last one.
    ///   - checksChanges: Whether the changes of each transaction are looked at too.
    ///   - visit: Gets each line of each transaction that counts, in order, with its bytes.
    init(
        _ segment: JournalFolder.Segment,
        successor: UInt64?,
        checksChanges: Bool = false,
        visit: (Line, UnsafeRawBufferPointer) throws -> Void = { _, _ in }
    ) throws {
        last = segment.first - 1
        highest = last
        self.checksChanges = checksChanges
        let data = try segment.contents()
        try data.withUnsafeBytes { bytes in
            try read(bytes, first: segment.first, successor: successor, visit: visit)
        }
    }

    private mutating func read(
        _ bytes: UnsafeRawBufferPointer,
        first: UInt64,
        successor: UInt64?,
        visit: (Line, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var lines = LineIterator(bytes)
        var parts: [Line] = []
        var isVoid = false
        while !isVoid, fault == nil, let line = lines.next() {
            do throws(JournalDamage) {
                endsWell = false
                guard line.isComplete else { throw JournalDamage("the line ends early") }
                guard end == nil else { throw JournalDamage("something stands behind the end") }
                let content = try JournalLine(line.bytes(in: bytes))
                endsWell = true
                switch content {
                case .header(let header):
                    guard line.number == 1, header.first == first else {
                        throw JournalDamage("it does not begin the segment \(first)")
                    }
                    self.header = header
                    do throws(InvalidValue) {
                        time = try header.time
                    } catch {
                        throw JournalDamage("its time \(error.message)")
                    }
                    goodSize = line.end
                case .end(let number):
                    guard parts.isEmpty, number >= last else { throw JournalDamage("the end is out of place") }
                    end = number
                    highest = max(highest, number)
                    goodSize = line.end
                case .record(let head):
                    if let successor, head.sequence >= successor {
                        isVoid = true
                        continue
                    }
                    try check(head, after: parts)
                    if checksChanges { try checkChanges(line.bytes(in: bytes)) }
                    highest = max(highest, head.sequence)
                    parts.append(Line(number: line.number, head: head, range: line.range))
                    if head.isLast {
                        last = head.sequence
                        time = head.time
                        count += 1
                        goodSize = line.end
                    }
                }
            } catch {
                fault = Fault(
                    line: line.number,
                    damage: error,
                    isVouchedFor: error.isWhole,
                    behind: 0
                )
            }
            if parts.last?.head.isLast == true {
                for part in parts { try visit(part, UnsafeRawBufferPointer(rebasing: bytes[part.range])) }
                parts = []
            }
        }
        if fault == nil, !isVoid, !parts.isEmpty || header == nil {
            let reason = header == nil ? "it has no beginning" : "the transaction \(last + 1) has no end"
            fault = fault(reason, at: lines)
        }
        if let successor {
            // What stands behind the last number that counts was given up when the next segment was begun.
            if last == successor - 1, header != nil {
                fault = nil
            } else {
                fault = fault ?? fault("the transactions \(last + 1) to \(successor - 1) are missing", at: lines)
                fault?.isVouchedFor = true
            }
        }
        if fault != nil { lookBehind(&lines, bytes) }
    }

    private func checkChanges(_ line: UnsafeRawBufferPointer) throws(JournalDamage) {
        do throws(JournalDamage) {
            _ = try JournalLine.record(line)
        } catch {
            var damage = error
            damage.isWhole = true
            throw damage
        }
    }

    /// Makes sure that a line belongs behind those before it.
    private func check(_ head: JournalLine.Head, after parts: [Line]) throws(JournalDamage) {
        guard let header else { throw JournalDamage("the segment has no beginning") }
        if let begun = parts.last {
            guard head.sequence == begun.head.sequence, head.part == parts.count + 1 else {
                throw JournalDamage("the transaction \(begun.head.sequence) has no end")
            }
            return
        }
        // Numbers that were given to transactions that failed, or were lost, are passed over up to where the segment was
        // begun: what it took over from the one before has such gaps too.
        guard head.part ?? 1 == 1,
            head.sequence == last + 1 || (last + 1 < head.sequence && head.sequence <= header.next)
        else {
            throw JournalDamage("the transaction \(head.sequence) does not follow \(last)")
        }
    }

    private func fault(_ reason: String, at lines: LineIterator) -> Fault {
        Fault(line: lines.number, damage: JournalDamage(reason), isVouchedFor: false, behind: 0)
    }

    /// Finds out whether a good line behind the fault knows that what stood there was on stable storage.
    private mutating func lookBehind(_ lines: inout LineIterator, _ bytes: UnsafeRawBufferPointer) {
        while let line = lines.next() {
            endsWell = false
            guard line.isComplete else { return }
            let vouched: UInt64
            do throws(JournalDamage) {
                let content = try JournalLine(line.bytes(in: bytes))
                endsWell = true
                switch content {
                case .record(let head):
                    if head.isLast { fault?.behind += 1 }
                    highest = max(highest, head.sequence)
                    vouched = head.synced
                case .end(let number): vouched = number
                case .header: vouched = 0
                }
            } catch {
                continue
            }
            highest = max(highest, vouched)
            if vouched > last { fault?.isVouchedFor = true }
        }
    }
}

/// Goes through the lines of a file.
struct LineIterator: IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    /// Where the next line begins.
    private(set) var offset = 0
    /// The number of the last line, from 1.
    private(set) var number = 0

    init(_ bytes: UnsafeRawBufferPointer, from offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    struct Line {
        var number: Int
        /// Without the newline.
        var range: Range<Int>
        /// Whether a newline ends it.
        var isComplete: Bool

        /// Where the next line begins.
        var end: Int { range.upperBound + (isComplete ? 1 : 0) }

        func bytes(in file: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: file[range])
        }
    }

    mutating func next() -> Line? {
        guard offset < bytes.count, let base = bytes.baseAddress else { return nil }
        number += 1
        let start = offset
        guard let newline = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start) else {
            offset = bytes.count
            return Line(number: number, range: start..<bytes.count, isComplete: false)
        }
        let end = base.distance(to: UnsafeRawPointer(newline))
        offset = end + 1
        return Line(number: number, range: start..<end, isComplete: true)
    }
}
