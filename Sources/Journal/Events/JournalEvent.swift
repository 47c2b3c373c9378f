import Inventory
import Records
package import Schema

/// Where in the stream of events a client is: behind a transaction, or behind one of its changes.
package struct EventPosition: Sendable, Comparable, CustomStringConvertible {
    package var sequence: UInt64
    /// The change, from 1; nil behind the whole transaction.
    package var change: Int?

    package init(sequence: UInt64, change: Int? = nil) {
        self.sequence = sequence
        self.change = change
    }

    /// Reads the id of an event: `7`, or `7.2`.
    package init(_ text: String) throws(InvalidValue) {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(numbers.count), numbers.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isNumber) }),
            let sequence = UInt64(numbers[0]), sequence < 1 << 53
        else { throw InvalidValue("is not the id of an event, such as 7 or 7.2") }
        self.sequence = sequence
        if numbers.count == 2 {
            guard let change = Int(numbers[1]), change >= 1 else {
                throw InvalidValue("is not the id of an event, such as 7 or 7.2")
            }
            self.change = change
        }
    }

    /// The transaction that comes next, or goes on.
    var nextSequence: UInt64 { change == nil ? sequence + 1 : sequence }

    package var description: String { change.map { "\(sequence).\($0)" } ?? "\(sequence)" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.sequence, left.change ?? .max) < (right.sequence, right.change ?? .max)
    }
}

/// One change of an accepted transaction, as clients that follow the journal get it.
package struct JournalEvent: Sendable {
    /// Behind the change; that of a transaction's last change is the transaction's number alone.
    package var position: EventPosition
    /// `put` or `delete`.
    package var operation: String
    /// JSON: what the journal says of the transaction and of the change, without secrets.
    package var json: [UInt8]

    init(_ change: JournalChange, of record: JournalRecord, at position: EventPosition) {
        self.position = position
        operation = change.stored == nil ? "delete" : "put"
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("event")
        writer.string(position.description)
        writer.key("seq")
        writer.integer(record.sequence)
        writer.key("at")
        writer.string(record.time.millisecondText)
        for (key, text) in [("by", record.author), ("reason", record.reason)] {
            guard let text else { continue }
            writer.key(key)
            writer.string(text)
        }
        writer.key("op")
        writer.string(operation)
        writer.key("kind")
        writer.string(change.resource.kind.name)
        writer.key("id")
        writer.string(change.resource.id.lowercased)
        if let stored = change.stored {
            writer.key("document")
            stored.document.withUnsafeBytes { writer.value(utf8: $0) }
        }
        writer.endObject()
        json = writer.bytes
    }
}
