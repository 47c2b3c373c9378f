package import Inventory
import Schema

/// One accepted transaction, as the journal keeps it.
package struct JournalRecord: Sendable {
    /// Its sequence number.
    package var sequence: UInt64
    /// When it was accepted; never before the transaction before it.
    package var time: Timestamp
    /// Subject of the token that asked for it; nil where no token is needed.
    package var author: String?
    /// Why, where somebody said so.
    package var reason: String?
    package var changes: [JournalChange]
}

/// What a transaction made of one resource.
package struct JournalChange: Sendable {
    package var resource: ResourceID
    /// What is stored from then on; nil after a deletion.
    package var stored: StoredResource?
}

extension JournalRecord {
    /// The longest line, in bytes; larger transactions span several.
    static let maximumLineSize = 8 << 20

    /// The largest document of one resource, in bytes, so that each fits into a line with its secrets.
    package static let maximumDocumentSize = 4 << 20

    /// Where a change stands in the lines of a record.
    struct Place {
        var resource: ResourceID
        /// Bytes from the beginning of the first line to the beginning of the change's line, and that line's length.
        var line: Int
        var lineLength: Int
        /// Bytes from the beginning of the line to the change.
        var position: Int
    }

    /// The record as lines of the journal, format `docs/formats/journal.md`.
    ///
    /// - Parameter synced: The sequence number up to which the journal is known to be on stable storage.
    func lines(synced: UInt64) -> (bytes: [UInt8], places: [Place]) {
        var bytes: [UInt8] = []
        var places: [Place] = []
        let encoded = changes.map(\.encoded)
        let isLong = encoded.reduce(0) { $0 + $1.count + 1 } > Self.maximumLineSize - Self.headRoom
        var part = 0
        var index = 0
        repeat {
            part += 1
            let line = bytes.count
            let firstPlace = places.count
            writeHead(synced: synced, part: isLong ? part : nil, to: &bytes)
            let start = index
            while index < encoded.count,
                index == start || bytes.count - line + encoded[index].count < Self.maximumLineSize - Self.tailRoom
            {
                if index > start { bytes.append(UInt8(ascii: ",")) }
                places.append(
                    Place(
                        resource: changes[index].resource,
                        line: line,
                        lineLength: 0,
                        position: bytes.count - line
                    )
                )
                bytes += encoded[index]
                index += 1
            }
            bytes += isLong && index == encoded.count ? #"],"commit":true"#.utf8 : "]".utf8
            JournalLine.seal(&bytes, from: line)
            for place in firstPlace..<places.count { places[place].lineLength = bytes.count - line }
        } while index < encoded.count
        return (bytes, places)
    }

    /// Bytes that suffice for what stands before and after the changes: the names of authors and reasons are limited.
    private static let headRoom = 64 << 10
    private static let tailRoom = 64

    /// The longest author or reason that is kept, in bytes of UTF-8.
    private static let maximumTextSize = 1024

    private func writeHead(synced: UInt64, part: Int?, to bytes: inout [UInt8]) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("seq")
        writer.integer(sequence)
        writer.key("at")
        writer.string(time.millisecondText)
        writer.key("synced")
        writer.integer(synced)
        if let part {
            writer.key("part")
            writer.integer(part)
        }
        if let author {
            writer.key("by")
            writer.string(author.prefix(bytes: Self.maximumTextSize))
        }
        if let reason {
            writer.key("reason")
            writer.string(reason.prefix(bytes: Self.maximumTextSize))
        }
        writer.key("changes")
        bytes += writer.bytes
        bytes.append(UInt8(ascii: "["))
    }
}

extension JournalChange {
    /// The change as JSON.
    fileprivate var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(128 + (stored?.document.count ?? 0) + (stored?.secrets.size ?? 0))
        bytes += (stored == nil ? #"{"op":"delete","kind":""# : #"{"op":"put","kind":""#).utf8
        bytes += resource.kind.rawValue.utf8
        bytes += #"","id":""#.utf8
        bytes += resource.id.lowercased.utf8
        bytes.append(UInt8(ascii: "\""))
        if let stored {
            bytes += #","document":"#.utf8
            bytes += stored.document
            if !stored.secrets.isEmpty {
                bytes += #","secrets":"#.utf8
                bytes += stored.secrets.json
            }
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}

extension String {
    /// The longest beginning, in whole characters, of so many bytes of UTF-8.
    fileprivate func prefix(bytes limit: Int) -> Substring {
        guard utf8.count > limit else { return self[...] }
        var count = 0
        return prefix { character in
            count += character.utf8.count
            return count <= limit
        }
    }
}
