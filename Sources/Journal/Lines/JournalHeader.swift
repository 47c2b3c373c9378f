package import Foundation
package import Inventory
package import Records
import Schema

/// The first line of a segment.
package struct JournalHeader: Sendable, Equatable {
    /// Version of the format.
    package var format = DiskFormat.ofSegments
    /// The inventory that the segment belongs to; nil in format 1.
    package var inventory: UUID?
    /// Sequence numbers from here on in older segments count for nothing. The numbers before are on stable storage.
    package var first: UInt64
    /// Sequence numbers below this have been given, whether their transactions are there or not.
    package var next: UInt64
    /// The first number of the segment before, which ends with the number before ``first``; 0 where there is none.
    package var previous: UInt64 = 0
    /// The hash after the transaction before ``first``; nil in format 1.
    var chain: ChainHash?
    /// When the segment was begun, or where servers share a log, the time of the last transaction before; never before a
    /// transaction in an older segment, nor after one in this.
    var time: Timestamp
    /// Times of which nobody can say what was before them and what after, where the clock was set back: from what it said to
    /// the time that transactions get until it has caught up.
    package var stretch: ClosedRange<Timestamp>?
    /// The program that wrote it.
    var program = Version.program

    /// No header is longer than so many bytes.
    static let maximumSize = 1024

    /// No number is as high, so that there is room for more.
    static let maximumNumber: UInt64 = 1 << 52

    /// What the segment goes on from; nil in format 1.
    package var base: ChainPoint? { chain.map { ChainPoint(sequence: first - 1, hash: $0) } }

    package init(
        inventory: UUID,
        next: UInt64,
        previous: UInt64,
        base: ChainPoint,
        time: Timestamp,
        stretch: ClosedRange<Timestamp>? = nil
    ) {
        self.inventory = inventory
        first = base.sequence + 1
        self.next = next
        self.previous = previous
        chain = base.hash
        self.time = time
        self.stretch = stretch
    }

    /// - Parameter body: The line without its checksum, which leaves the object open.
    init(_ body: UnsafeRawBufferPointer) throws(JournalDamage) {
        var scanner = ByteScanner(body)
        try scanner.expect(#"{"format":"#)
        format = Int(clamping: try scanner.number())
        guard (DiskFormat.first...DiskFormat.ofSegments).contains(format) else {
            throw .otherVersion(
                "it has format \(format); this version reads the formats \(DiskFormat.first) to \(DiskFormat.ofSegments)",
                program: Self.program(in: body)
            )
        }
        if format > DiskFormat.first {
            try scanner.expect(#","inventory":"#)
            guard let id = UUID(spelling: try scanner.plainString()) else { throw JournalDamage("it has no inventory") }
            inventory = id
        }
        try scanner.expect(#","first":"#)
        first = try scanner.number()
        try scanner.expect(#","next":"#)
        next = try scanner.number()
        if format > DiskFormat.first {
            try scanner.expect(#","previous":"#)
            previous = try scanner.number()
            try scanner.expect(#","chain":"#)
            chain = try scanner.chainHash()
        }
        try scanner.expect(#","at":"#)
        time = try scanner.time()
        if scanner.skip(#","clock":"#) {
            let clock = try scanner.time()
            try scanner.expect(#","until":"#)
            let end = try scanner.time()
            guard clock <= end else { throw JournalDamage("it has times that cannot be") }
            stretch = clock...end
        }
        try scanner.expect(#","program":"#)
        program = try scanner.string()
        guard first >= 1, next >= first, next < Self.maximumNumber, previous < first else {
            throw JournalDamage("it has numbers that cannot be")
        }
    }

    /// Who wrote a header of whatever format.
    private static func program(in body: UnsafeRawBufferPointer) -> String? {
        do {
            guard case .object(let members) = try JSONValue(parsing: Array(body) + [UInt8(ascii: "}")]),
                case .string(let program)? = members["program"]
            else { return nil }
            return program
        } catch {
            return nil
        }
    }

    /// The line of the current format.
    package var line: [UInt8] {
        guard let inventory, let chain else { preconditionFailure("a header is written in the current format") }
        var text = #"{"format":\#(format),"inventory":"\#(inventory.lowercased)","first":\#(first),"next":\#(next),"#
        text += #""previous":\#(previous),"chain":"\#(chain)","at":"\#(time.millisecondText)""#
        if let stretch {
            text +=
                #","clock":"\#(stretch.lowerBound.millisecondText)","until":"\#(stretch.upperBound.millisecondText)""#
        }
        text += #","program":"\#(program)""#
        var bytes = Array(text.utf8)
        JournalLine.seal(&bytes, from: 0)
        return bytes
    }
}

extension JournalLine {
    /// The line with which a clean stop ends the journal.
    static func endLine(_ sequence: UInt64, at time: Timestamp) -> [UInt8] {
        var bytes = Array(#"{"end":\#(sequence),"at":"\#(time.millisecondText)""#.utf8)
        seal(&bytes, from: 0)
        return bytes
    }
}
