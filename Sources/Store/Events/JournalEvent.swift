package import Inventory
import Schema

/// Where in the stream of events a client is: behind a transaction, or behind a part of a large one.
package struct EventPosition: Sendable, Comparable, CustomStringConvertible {
    package var sequence: UInt64
    /// The part, from 1; nil behind the whole transaction.
    package var part: Int?

    package init(sequence: UInt64, part: Int? = nil) {
        self.sequence = sequence
        self.part = part
    }

    /// Reads the id of an event: `7`, or `7.2`.
    package init(_ text: String) throws(InvalidValue) {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(numbers.count), numbers.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isNumber) }),
            let sequence = UInt64(numbers[0]), sequence < 1 << 53
        else { throw InvalidValue("is not the id of an event, such as 7 or 7.2") }
        self.sequence = sequence
        if numbers.count == 2 {
            guard let part = Int(numbers[1]), part >= 1 else {
                throw InvalidValue("is not the id of an event, such as 7 or 7.2")
            }
            self.part = part
        }
    }

    /// The transaction that comes next, or goes on.
    var nextSequence: UInt64 { part == nil ? sequence + 1 : sequence }

    package var description: String { part.map { "\(sequence).\($0)" } ?? "\(sequence)" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.sequence, left.part ?? .max) < (right.sequence, right.part ?? .max)
    }
}

/// An accepted transaction, or a part of a large one, as clients that follow the journal get it.
package struct JournalEvent: Sendable {
    package var position: EventPosition
    /// JSON, as the line of the journal but without secrets and checksum.
    package var json: [UInt8]

    /// - Parameter kinds: Kinds whose changes are told; nil for all.
    /// - Returns: Nil where no change is left.
    init?(
        _ line: (head: JournalLine.Head, record: JournalRecord),
        at position: EventPosition,
        kinds: Set<Kind>?
    ) {
        let changes = line.record.changes.filter { kinds?.contains($0.resource.kind) ?? true }
        // The last part says that the transaction is complete, whatever is in it.
        if changes.isEmpty, line.head.part == nil || !line.head.isLast { return nil }
        self.position = position
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("seq")
        writer.integer(line.record.sequence)
        writer.key("at")
        writer.string(line.record.time.millisecondText)
        for (key, text) in [("by", line.record.author), ("reason", line.record.reason)] {
            guard let text else { continue }
            writer.key(key)
            writer.string(text)
        }
        if let part = line.head.part {
            writer.key("part")
            writer.integer(part)
        }
        writer.key("changes")
        writer.beginArray()
        for change in changes { Self.write(change, to: &writer) }
        writer.endArray()
        if line.head.part != nil, line.head.isLast {
            writer.key("commit")
            writer.bool(true)
        }
        writer.endObject()
        json = writer.bytes
    }

    private static func write(_ change: JournalChange, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("op")
        writer.string(change.stored == nil ? "delete" : "put")
        writer.key("kind")
        writer.string(change.resource.kind.rawValue)
        writer.key("id")
        writer.string(change.resource.id.lowercased)
        if let stored = change.stored {
            writer.key("document")
            stored.document.withUnsafeBytes { writer.value(utf8: $0) }
        }
        writer.endObject()
    }
}
