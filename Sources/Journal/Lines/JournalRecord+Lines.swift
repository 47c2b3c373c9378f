import Inventory
import Records
import Scheduling
import Schema

extension JournalRecord {
    /// The longest line, in bytes; larger transactions span several.
    static let maximumLineSize = 8 << 20

    /// Bytes of the record as lines of the journal, at about.
    var size: Int { changes.reduce(128) { $0 + $1.size + 1 } }

    /// Appends the record as lines of the journal, format 3 of `docs/formats/journal.md`.
    ///
    /// - Parameters:
    ///   - bytes: From the beginning of a line.
    ///   - entries: Gets where each change is, from the beginning of `bytes`.
    ///   - synced: The sequence number up to which the journal is known to be on stable storage.
    ///   - chain: The hash before, and then that of the record's last line.
    func write(
        to bytes: inout [UInt8],
        _ entries: inout [ChangePlace],
        synced: UInt64,
        chain: inout ChainHash
    ) {
        let isLong = size > Self.maximumLineSize - Self.headRoom
        var part = 0
        var index = 0
        repeat {
            part += 1
            let line = bytes.count
            let firstEntry = entries.count
            let local = writeHead(synced: synced, part: isLong ? part : nil, to: &bytes)
            let start = index
            while index < changes.count,
                index == start || bytes.count - line + changes[index].size < Self.maximumLineSize - Self.tailRoom
            {
                if index > start { bytes.append(UInt8(ascii: ",")) }
                entries.append(
                    ChangePlace(
                        resource: changes[index].resource,
                        sequence: sequence,
                        line: line,
                        lineLength: 0,
                        position: bytes.count - line
                    )
                )
                changes[index].write(to: &bytes)
                index += 1
            }
            bytes += isLong && index == changes.count ? #"],"commit":true"#.utf8 : "]".utf8
            JournalLine.writeChain(&chain, into: &bytes, from: line, local: local)
            JournalLine.seal(&bytes, from: line)
            // Without the newline.
            for entry in firstEntry..<entries.count { entries[entry].lineLength = bytes.count - line - 1 }
        } while index < changes.count
    }

    /// Bytes that suffice for what stands before and after the changes: the names of authors and reasons are limited.
    private static let headRoom = 64 << 10
    private static let tailRoom = 64

    /// - Returns: Where the line says what is no content; the place of the hash in it is for a later hand.
    private func writeHead(synced: UInt64, part: Int?, to bytes: inout [UInt8]) -> Range<Int> {
        bytes += #"{"seq":"#.utf8
        bytes.append(decimal: sequence)
        bytes += #","at":""#.utf8
        bytes += time.millisecondText.utf8
        bytes.append(UInt8(ascii: "\""))
        let start = bytes.count
        bytes += #","synced":"#.utf8
        bytes.append(decimal: synced)
        bytes += #","chain":""#.utf8
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: ChainHash.digitCount))
        bytes.append(UInt8(ascii: "\""))
        let local = start..<bytes.count
        if let part { bytes += #","part":\#(part)"#.utf8 }
        if let author {
            bytes += #","by":"#.utf8
            bytes += JSONValue.string(author).bytes
        }
        if let origin {
            bytes += #","from":"#.utf8
            bytes += JSONValue.string(origin.address).bytes
            bytes += #","request":"#.utf8
            bytes += JSONValue.string(origin.request).bytes
        }
        if let reason {
            bytes += #","reason":"#.utf8
            bytes += JSONValue.string(reason).bytes
        }
        bytes += #","changes":["#.utf8
        return local
    }
}

extension JournalChange {
    /// Bytes of the change as JSON, or a few more.
    fileprivate var size: Int { 128 + (stored?.document.count ?? 0) + (stored?.secrets.size ?? 0) }

    /// Appends the change as JSON.
    fileprivate func write(to bytes: inout [UInt8]) {
        bytes += (stored == nil ? #"{"op":"delete","kind":""# : #"{"op":"put","kind":""#).utf8
        bytes += resource.kind.name.utf8
        bytes += #"","id":"#.utf8
        resource.id.appendJSON(to: &bytes)
        if let stored {
            bytes += #","document":"#.utf8
            bytes += stored.document
            if !stored.secrets.isEmpty {
                bytes += #","secrets":"#.utf8
                bytes += stored.secrets.json
            }
        }
        bytes.append(UInt8(ascii: "}"))
    }
}
