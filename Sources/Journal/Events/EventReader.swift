import Foundation
import Inventory
import Records
import Scheduling
import Synchronization

/// Reads the journal on from a position, for one client that follows it.
///
/// Nothing is queued for the client: it reads the files at its own speed, and a slow one is merely behind.
package actor EventReader {
    private let journal: PublishedJournal
    /// Kinds whose changes are told; nil for all.
    private let kinds: Set<Kind>?
    private var position: EventPosition
    /// The segment that is being read, how far it has been, and how many changes of a transaction that goes on there.
    private var place: (first: UInt64, generation: Int, offset: Int, changes: Int)?
    private nonisolated let executor = executors[nextExecutor.add(1, ordering: .relaxed).oldValue % executors.count]
    /// The threads of all readers, each of which reads a little at a time.
    private static let executors = (0..<4).map { _ in ThreadExecutor(label: "events") }
    private static let nextExecutor = Atomic(0)

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// How much is read at once, in bytes of the journal; at least one line is.
    private static let batchSize = 256 << 10
    /// How often, where all that is read is left out.
    private static let maximumReads = 16

    /// - Throws: ``Refusal`` when what follows the position is not kept any more.
    init(_ journal: PublishedJournal, after position: EventPosition?, kinds: Set<Kind>?) throws(Refusal) {
        self.journal = journal
        self.kinds = kinds
        self.position = position ?? EventPosition(sequence: journal.announced)
        try Self.check(self.position, journal)
    }

    /// Makes sure that the position is one of this history: after a backup was put back, a client may have one of another.
    ///
    /// - Throws: ``Refusal`` where it is not; ``JournalError`` when the journal is damaged there.
    package func checkPosition() throws {
        let announced = journal.announced
        guard position.sequence != announced,
            let segment = journal.segments.last(where: { $0.first <= position.sequence })
        else { return }
        if position.sequence < announced, try has(position.sequence, segment) { return }
        throw Refusal(
            .gone,
            "This history has no event \(position); the newest is \(announced). A backup was put back, or the position is of "
                + "another inventory: read the resources again, and follow from the Inventory-Sequence of that answer."
        )
    }

    /// Whether a segment has a transaction.
    private func has(_ sequence: UInt64, _ segment: PublishedJournal.Segment) throws -> Bool {
        var start = 0
        while start < segment.size {
            let bytes = try window(of: segment, from: start)
            var end = 0
            let found = try bytes.withUnsafeBytes { bytes -> Bool? in
                var lines = LineIterator(bytes)
                while let line = lines.next(), line.isComplete {
                    if case .record(let head) = try read(line.bytes(in: bytes), segment), head.sequence >= sequence {
                        return head.sequence == sequence
                    }
                    end = line.end
                }
                return nil
            }
            if let found { return found }
            guard end > 0 else { return false }
            start += end
        }
        return false
    }

    private static func check(_ position: EventPosition, _ journal: PublishedJournal) throws(Refusal) {
        let oldest = journal.oldest
        guard position.nextSequence >= oldest else {
            throw Refusal(gone: "The events after \(position) are not kept any more.", oldest: oldest - 1)
        }
    }

    /// The events that follow, as many as are read at once.
    ///
    /// - Throws: ``Refusal`` when what follows is not kept any more, ``JournalError`` when it is damaged.
    /// - Returns: The events, of which there may be none, and whether there are no more yet.
    package func next() throws -> (events: [JournalEvent], isAtEnd: Bool) {
        let announced = journal.announced
        var events: [JournalEvent] = []
        for _ in 0..<Self.maximumReads where events.isEmpty {
            guard position.sequence < announced || position.change != nil else { return (events, true) }
            let segments = journal.segments
            guard let segment = segments.last(where: { $0.first <= position.nextSequence }) else {
                try Self.check(position, journal)
                return (events, true)
            }
            if place?.first != segment.first || place?.generation != segment.generation {
                place = (segment.first, segment.generation, 0, 0)
            }
            let successor = segments.first { $0.first > segment.first }?.first
            let before = (position, place?.offset)
            try read(segment, successor: successor, announced: announced, into: &events)
            if let successor, position.nextSequence < successor, before == (position, place?.offset) {
                // Nothing that counts is left of the segment.
                position = EventPosition(sequence: successor - 1)
            } else if before == (position, place?.offset) {
                return (events, true)
            }
        }
        return (events, false)
    }

    /// Reads on in a segment, until enough has been read or what follows does not count, or not yet.
    private func read(
        _ segment: PublishedJournal.Segment,
        successor: UInt64?,
        announced: UInt64,
        into events: inout [JournalEvent]
    ) throws {
        let start = place?.offset ?? 0
        let bytes = try window(of: segment, from: start)
        try bytes.withUnsafeBytes { bytes in
            var lines = LineIterator(bytes)
            // What is behind the last number that counts is void.
            while position.change != nil || position.nextSequence != successor, let line = lines.next(),
                line.isComplete,
                line.range.lowerBound < Self.batchSize
            {
                let text = line.bytes(in: bytes)
                if case .record(let head) = try read(text, segment) {
                    if let successor, head.sequence >= successor { return }
                    if head.sequence > announced { return }
                    try read(text, head, into: &events)
                }
                place?.offset = start + line.end
            }
        }
    }

    /// What is read at once: so much, or a line that is longer.
    private func window(of segment: PublishedJournal.Segment, from start: Int) throws -> [UInt8] {
        for count in [Self.batchSize, JournalRecord.maximumLineSize + 1] {
            let bytes = try Disk.read(segment.file.path, from: start, count: min(count, segment.size - start))
            let hasLine = bytes.withUnsafeBytes { bytes in
                var lines = LineIterator(bytes)
                return lines.next()?.isComplete ?? false
            }
            if hasLine || bytes.count < count { return bytes }
        }
        throw JournalError.damaged(
            file: segment.file.path.path,
            line: nil,
            reason: "the line at byte \(start) is longer than a line may be"
        )
    }

    /// Reads the changes of a line that the client has not had.
    private func read(
        _ text: UnsafeRawBufferPointer,
        _ head: JournalLine.Head,
        into events: inout [JournalEvent]
    ) throws {
        guard EventPosition(sequence: head.sequence) > position else { return }
        let record = try JournalLine.record(text).record
        let before = head.part ?? 1 == 1 ? 0 : place?.changes ?? 0
        place?.changes = before + record.changes.count
        for (index, change) in record.changes.enumerated() {
            let isLast = head.isLast && index + 1 == record.changes.count
            let here = EventPosition(sequence: head.sequence, change: isLast ? nil : before + index + 1)
            guard here > position else { continue }
            position = here
            if kinds?.contains(change.resource.kind) ?? true {
                events.append(JournalEvent(change, of: record, at: here))
            }
        }
    }

    private func read(_ text: UnsafeRawBufferPointer, _ segment: PublishedJournal.Segment) throws(JournalError)
        -> JournalLine
    {
        do throws(JournalDamage) {
            return try JournalLine(text)
        } catch {
            throw .damaged(file: segment.file.path.path, line: nil, reason: error.description)
        }
    }
}
