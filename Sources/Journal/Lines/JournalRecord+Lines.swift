import Foundation
import Inventory
package import Records
import Scheduling
import Schema

extension JournalRecord {
    /// The longest line, in bytes; larger transactions span several.
    static let maximumLineSize = 8 << 20

    /// Bytes of the record as lines of the journal, at about.
    var size: Int { changes.reduce(128 + idempotencySize) { $0 + $1.size + 1 } }

    /// Bytes of what the first line has of the request's key, or a few more.
    private var idempotencySize: Int { idempotency.map { 512 + 96 * $0.outcomes.count } ?? 0 }

    /// Appends the record as lines of the journal, format 4 of `docs/formats/journal.md`.
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
        eachLine { range, part, isLast in
            let line = bytes.count
            let firstEntry = entries.count
            let local = writeHead(synced: synced, part: part, to: &bytes)
            for index in range {
                if index > range.lowerBound { bytes.append(UInt8(ascii: ",")) }
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
            }
            bytes += part != nil && isLast ? Self.committingTail : Self.tail
            JournalLine.writeChain(&chain, into: &bytes, from: line, local: local)
            JournalLine.seal(&bytes, from: line)
            // Without the newline.
            for entry in firstEntry..<entries.count { entries[entry].lineLength = bytes.count - line - 1 }
        }
    }

    /// The record as lines that several servers share: without what a segment of one of them adds.
    ///
    /// - Parameter chain: The hash before, and then that of the record's last line, the same as in segments.
    package func sharedLines(_ chain: inout ChainHash) -> [SharedLine] {
        var lines: [SharedLine] = []
        eachLine { range, part, isLast in
            var bytes: [UInt8] = []
            _ = writeHead(synced: nil, part: part, to: &bytes)
            for index in range {
                if index > range.lowerBound { bytes.append(UInt8(ascii: ",")) }
                changes[index].write(to: &bytes)
            }
            bytes += part != nil && isLast ? Self.committingTail : Self.tail
            chain = bytes.withUnsafeBytes { chain.followed(by: $0, UnsafeRawBufferPointer(rebasing: $0[$0.count...])) }
            bytes.append(UInt8(ascii: "}"))
            lines.append(SharedLine(sequence: sequence, part: part ?? 1, bytes: bytes, chain: chain))
        }
        return lines
    }

    private static let tail = Array("]".utf8)
    private static let committingTail = Array(#"],"commit":true"#.utf8)

    /// Takes the changes apart into those of each line, the same on every server.
    ///
    /// - Parameter body: Gets the places of a line's changes, which part of the transaction it is where there are several,
    ///   and whether it is the last.
    private func eachLine(_ body: (_ changes: Range<Int>, _ part: Int?, _ isLast: Bool) -> Void) {
        guard size > Self.maximumLineSize - Self.headRoom else { return body(0..<changes.count, nil, true) }
        var part = 0
        var start = 0
        repeat {
            part += 1
            var end = start
            var size = Self.headRoom + (part == 1 ? idempotencySize : 0)
            while end < changes.count, end == start || size + changes[end].size < Self.maximumLineSize {
                size += changes[end].size + 1
                end += 1
            }
            body(start..<end, part, end == changes.count)
            start = end
        } while start < changes.count
    }

    /// Bytes that suffice for what stands before and after the changes: the names of authors and reasons are limited.
    private static let headRoom = 64 << 10

    /// - Parameter synced: Nil for a line that servers share.
    /// - Returns: Where the line says what is no content; the place of the hash in it is for a later hand.
    private func writeHead(synced: UInt64?, part: Int?, to bytes: inout [UInt8]) -> Range<Int> {
        bytes += #"{"seq":"#.utf8
        bytes.append(decimal: sequence)
        bytes += #","at":""#.utf8
        bytes += time.millisecondText.utf8
        bytes.append(UInt8(ascii: "\""))
        let start = bytes.count
        if let synced {
            bytes += #","synced":"#.utf8
            bytes.append(decimal: synced)
            bytes += #","chain":""#.utf8
            bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: ChainHash.digitCount))
            bytes.append(UInt8(ascii: "\""))
        }
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
        if let idempotency, part ?? 1 == 1 { idempotency.write(to: &bytes) }
        bytes += #","changes":["#.utf8
        return local
    }
}

extension Idempotency {
    /// Appends what a line has of the key: `,"key":"…","hash":"…","outcomes":[["ComputeNode","…","created"]]`.
    fileprivate func write(to bytes: inout [UInt8]) {
        bytes += #","key":"#.utf8
        bytes += JSONValue.string(key.text).bytes
        bytes += #","hash":"\#(key.request)","outcomes":["#.utf8
        for (index, outcome) in outcomes.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += #"[""#.utf8
            bytes += outcome.resource.kind.name.utf8
            bytes += #"","#.utf8
            outcome.resource.id.appendJSON(to: &bytes)
            bytes += #","\#(outcome.change.rawValue)"]"#.utf8
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Reads the same where it comes next; nil where it does not.
    init?(_ scanner: inout ByteScanner) throws(JournalDamage) {
        guard scanner.skip(#","key":"#) else { return nil }
        let text = try scanner.string()
        try scanner.expect(#","hash":"#)
        guard let hash = Hash128(try scanner.plainString()) else { throw JournalDamage("its hash cannot be read") }
        try scanner.expect(#","outcomes":["#)
        var outcomes: [Outcome] = []
        while !scanner.skip("]") {
            if !outcomes.isEmpty { try scanner.expect(",") }
            try scanner.expect("[")
            let kind = try scanner.plainString()
            try scanner.expect(",")
            let id = try scanner.plainString()
            try scanner.expect(",")
            let change = try scanner.plainString()
            try scanner.expect("]")
            guard let kind = Kind(name: kind) else {
                throw .otherVersion("it has a resource of a kind that this version does not know, \(kind)")
            }
            guard let id = UUID(spelling: id), let change = Records.Outcome.Change(rawValue: change) else {
                throw JournalDamage("its outcomes cannot be read")
            }
            outcomes.append(Outcome(ResourceID(kind, id), change))
        }
        self.init(IdempotencyKey(text, of: hash), outcomes: outcomes)
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
