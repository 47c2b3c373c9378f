import DuckDB
import Foundation
package import Inventory
import Schema

/// Reads the journal on from a position, for one client that follows it.
///
/// Nothing is queued for the client: it reads the files at its own speed, and a slow one is merely behind.
package actor EventReader {
    private let journal: Journal
    /// Kinds whose changes are told; nil for all.
    private let kinds: Set<Kind>?
    private var position: EventPosition
    /// The segment that is being read, and how far it has been.
    private var place: (first: UInt64, generation: Int, offset: Int)?
    private nonisolated let executor = SerialQueueExecutor(label: "events", qos: .utility)

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// How much is read at once, in bytes of the journal; at least one line is.
    private static let batchSize = 256 << 10

    /// - Throws: ``Refusal`` when the position is yet to come, or when what follows it is not kept any more.
    init(_ journal: Journal, after position: EventPosition?, kinds: Set<Kind>?) throws(Refusal) {
        self.journal = journal
        self.kinds = kinds
        self.position = position ?? EventPosition(sequence: journal.announced)
        let newest = journal.announced
        guard self.position.sequence <= newest else {
            throw Refusal(.invalid, "The event \(self.position) has not happened; the newest is \(newest).")
        }
        try Self.check(self.position, journal)
    }

    private static func check(_ position: EventPosition, _ journal: Journal) throws(Refusal) {
        let oldest = journal.oldest
        guard position.nextSequence >= oldest else {
            throw Refusal(gone: "The events after \(position) are not kept any more.", oldest: oldest - 1)
        }
    }

    /// The events that follow, as many as are read at once; none when there are no more yet.
    ///
    /// - Throws: ``Refusal`` when what follows is not kept any more, ``JournalError`` when it is damaged.
    package func next() throws -> [JournalEvent] {
        let announced = journal.announced
        var events: [JournalEvent] = []
        while position.sequence < announced || position.part != nil {
            let segments = journal.segments
            guard let segment = segments.last(where: { $0.first <= position.nextSequence }) else {
                try Self.check(position, journal)
                return events
            }
            let successor = segments.first { $0.first > segment.first }?.first
            if place?.first != segment.first || place?.generation != segment.generation {
                place = (segment.first, segment.generation, 0)
            }
            let isAtEnd = try read(segment, successor: successor, announced: announced, into: &events)
            guard isAtEnd, let successor, successor > position.nextSequence || events.isEmpty else { return events }
            // All that counts of the segment has been read.
            position = max(position, EventPosition(sequence: successor - 1))
        }
        return events
    }

    /// Reads on in a segment.
    ///
    /// - Returns: Whether all of it that counts has been read.
    private func read(
        _ segment: Journal.Segment,
        successor: UInt64?,
        announced: UInt64,
        into events: inout [JournalEvent]
    ) throws -> Bool {
        let data = try segment.file.contents()
        return try data.prefix(segment.size).withUnsafeBytes { bytes in
            let start = place?.offset ?? 0
            var lines = LineIterator(bytes, from: start)
            while let line = lines.next(), line.isComplete {
                guard line.range.lowerBound - start < Self.batchSize else { return false }
                let text = line.bytes(in: bytes)
                if case .record(let head) = try read(text, segment) {
                    if let successor, head.sequence >= successor { return true }
                    if head.sequence > announced { return false }
                    let here = EventPosition(sequence: head.sequence, part: head.isLast ? nil : head.part)
                    if here > position {
                        position = here
                        if let event = try JournalEvent(JournalLine.record(text), at: here, kinds: kinds) {
                            events.append(event)
                        }
                    }
                }
                place?.offset = line.end
            }
            return successor != nil
        }
    }

    private func read(_ text: UnsafeRawBufferPointer, _ segment: Journal.Segment) throws(JournalError) -> JournalLine {
        do throws(JournalDamage) {
            return try JournalLine(text)
        } catch {
            throw .damaged(file: segment.file.path.path, line: nil, reason: error.description)
        }
    }
}
