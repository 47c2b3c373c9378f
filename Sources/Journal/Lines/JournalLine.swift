import CSystemShims
import Foundation
import Inventory
import Records
import Scheduling
import Schema

/// A line of the journal whose checksum holds.
enum JournalLine {
    case header(JournalHeader)
    case record(Head)
    /// The server was stopped when this was the last number that it had given.
    case end(UInt64)

    /// What a line says of its transaction, beside the changes.
    struct Head {
        var sequence: UInt64
        var time: Timestamp
        /// The sequence number up to which the journal was on stable storage when the line was written; 0 in a line that
        /// servers share.
        var synced: UInt64
        /// Which line of its transaction it is, from 1, where there are several.
        var part: Int?
        /// Whether the transaction is complete with it.
        var isLast: Bool
        /// The hash after the line; nil in format 1.
        var chain: ChainHash?
        /// Where the line says what is no content: ``synced`` and ``chain``.
        var local: Range<Int>
    }

    // MARK: Checksums

    /// What stands around the eight digits of a checksum.
    private static let sealStart = Array(#","crc":""#.utf8)
    private static let sealEnd = Array(#""}"#.utf8)
    private static var sealSize: Int { sealStart.count + 8 + sealEnd.count }

    /// Ends a line with the CRC32C of what is there of it, and a newline.
    ///
    /// - Parameter start: Where the line begins.
    static func seal(_ bytes: inout [UInt8], from start: Int) {
        let checksum = bytes[start...].withUnsafeBytes { no_crc32c(0, $0.baseAddress, $0.count) }
        bytes += sealStart
        for index in 0..<8 { bytes.append(checksum.hexDigit(index)) }
        bytes += sealEnd
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Works out the hash after a line that has all but its seal, and writes it to its place.
    ///
    /// - Parameters:
    ///   - start: Where the line begins.
    ///   - local: Where it says what is no content, which ends with the hash in quotes.
    static func writeChain(_ chain: inout ChainHash, into bytes: inout [UInt8], from start: Int, local: Range<Int>) {
        bytes.withUnsafeMutableBytes { bytes in
            chain = chain.followed(
                by: UnsafeRawBufferPointer(rebasing: bytes[start..<local.lowerBound]),
                UnsafeRawBufferPointer(rebasing: bytes[local.upperBound...])
            )
            let end = local.upperBound - 1
            chain.write(to: UnsafeMutableRawBufferPointer(rebasing: bytes[end - ChainHash.digitCount..<end]))
        }
    }

    /// What a line says before its checksum.
    ///
    /// - Parameter line: The bytes without the newline.
    /// - Throws: When the checksum does not hold.
    static func unsealed(_ line: UnsafeRawBufferPointer) throws(JournalDamage) -> UnsafeRawBufferPointer {
        let body = UnsafeRawBufferPointer(rebasing: line.dropLast(sealSize))
        guard !body.isEmpty else { throw JournalDamage("the line ends early") }
        let seal = UnsafeRawBufferPointer(rebasing: line[body.count...])
        let checksum = no_crc32c(0, body.baseAddress, body.count)
        guard seal.starts(with: sealStart), seal.suffix(sealEnd.count).elementsEqual(sealEnd),
            (0..<8).allSatisfy({ seal[sealStart.count + $0] == checksum.hexDigit($0) })
        else { throw JournalDamage("the checksum does not hold") }
        return body
    }

    // MARK: Reading

    /// Reads what a line is; the changes of a record are left alone.
    ///
    /// - Parameter line: The bytes without the newline.
    init(_ line: UnsafeRawBufferPointer) throws(JournalDamage) {
        var scanner = ByteScanner(try Self.unsealed(line))
        if scanner.skip(#"{"seq":"#) {
            self = .record(try Head(&scanner))
        } else if scanner.skip(#"{"end":"#) {
            self = .end(try scanner.number())
        } else {
            self = .header(try JournalHeader(scanner.bytes))
        }
    }

    /// The hash after a line.
    ///
    /// - Parameters:
    ///   - line: The bytes of a record without the newline, whose checksum is known to hold.
    ///   - hash: The hash before.
    static func chain(after hash: ChainHash, _ line: UnsafeRawBufferPointer, _ head: Head) -> ChainHash {
        hash.followed(
            by: UnsafeRawBufferPointer(rebasing: line[..<head.local.lowerBound]),
            UnsafeRawBufferPointer(rebasing: line[head.local.upperBound..<(line.count - sealSize)])
        )
    }

    /// A record, or the part of it that a line has.
    ///
    /// - Parameter line: The bytes of a record without the newline.
    static func record(_ line: UnsafeRawBufferPointer) throws(JournalDamage) -> (head: Head, record: JournalRecord) {
        var scanner = ByteScanner(try unsealed(line))
        return try record(&scanner)
    }

    /// A record, or the part of it that a line has which servers share.
    static func sharedRecord(_ line: UnsafeRawBufferPointer) throws(JournalDamage) -> (
        head: Head, record: JournalRecord
    ) {
        guard line.last == UInt8(ascii: "}") else { throw JournalDamage("the line ends early") }
        var scanner = ByteScanner(UnsafeRawBufferPointer(rebasing: line.dropLast()))
        return try record(&scanner, isShared: true)
    }

    private static func record(
        _ scanner: inout ByteScanner,
        isShared: Bool = false
    ) throws(JournalDamage) -> (head: Head, record: JournalRecord) {
        var (head, record) = try JournalRecord.beginning(&scanner, isShared: isShared)
        while !scanner.skip("]") {
            if !record.changes.isEmpty { try scanner.expect(",") }
            record.changes.append(try JournalChange(&scanner, sequence: head.sequence))
        }
        return (head, record)
    }

    /// Some changes of a record.
    ///
    /// - Parameters:
    ///   - line: The bytes of the record without the newline.
    ///   - positions: Where the changes begin.
    /// - Returns: The record without changes, and the changes in the order of the positions.
    static func changes(
        _ line: UnsafeRawBufferPointer,
        at positions: [Int]
    ) throws(JournalDamage) -> (record: JournalRecord, changes: [JournalChange]) {
        var scanner = ByteScanner(try unsealed(line))
        let (_, record) = try JournalRecord.beginning(&scanner)
        var changes: [JournalChange] = []
        for position in positions {
            try scanner.jump(to: position)
            changes.append(try JournalChange(&scanner, sequence: record.sequence))
        }
        return (record, changes)
    }

    /// Where the changes of a record begin.
    ///
    /// - Parameter line: The bytes of the record without the newline, whose checksum is known to hold.
    static func places(
        in line: UnsafeRawBufferPointer
    ) throws(JournalDamage) -> [(resource: ResourceID, position: Int)] {
        var scanner = ByteScanner(line)
        var places: [(resource: ResourceID, position: Int)] = []
        _ = try JournalRecord.beginning(&scanner)
        while !scanner.skip("]") {
            if !places.isEmpty { try scanner.expect(",") }
            let position = scanner.position
            places.append((try JournalChange(&scanner, sequence: 0).resource, position))
        }
        return places
    }
}

extension UInt32 {
    /// A digit of the eight in base 16, from the first.
    fileprivate func hexDigit(_ index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: self >> (28 - 4 * UInt32(index))).lowerHexDigit
    }
}

extension JournalRecord {
    /// Reads what stands before the changes.
    fileprivate static func beginning(
        _ scanner: inout ByteScanner,
        isShared: Bool = false
    ) throws(JournalDamage) -> (head: JournalLine.Head, record: JournalRecord) {
        try scanner.expect(#"{"seq":"#)
        let head = try JournalLine.Head(&scanner, isShared: isShared)
        let author = scanner.skip(#","by":"#) ? try scanner.string() : nil
        var origin: Origin?
        if scanner.skip(#","from":"#) {
            let address = try scanner.string()
            try scanner.expect(#","request":"#)
            origin = Origin(address: address, request: try scanner.string())
        }
        let reason = scanner.skip(#","reason":"#) ? try scanner.string() : nil
        let idempotency = try Idempotency(&scanner)
        try scanner.expect(#","changes":["#)
        return (
            head,
            JournalRecord(
                sequence: head.sequence,
                time: head.time,
                author: author,
                origin: origin,
                reason: reason,
                idempotency: idempotency,
                changes: []
            )
        )
    }
}

extension JournalLine.Head {
    /// Reads from the number on to what stands before the author.
    fileprivate init(_ scanner: inout ByteScanner, isShared: Bool = false) throws(JournalDamage) {
        sequence = try scanner.number()
        try scanner.expect(#","at":"#)
        time = try scanner.time()
        let start = scanner.position
        if isShared {
            synced = 0
        } else {
            try scanner.expect(#","synced":"#)
            synced = try scanner.number()
            chain = scanner.skip(#","chain":"#) ? try scanner.chainHash() : nil
        }
        local = start..<scanner.position
        part = scanner.skip(#","part":"#) ? Int(clamping: try scanner.number()) : nil
        isLast = part == nil || scanner.hasSuffix(#"],"commit":true"#)
    }
}

extension JournalChange {
    fileprivate init(_ scanner: inout ByteScanner, sequence: UInt64) throws(JournalDamage) {
        try scanner.expect(#"{"op":"#)
        let operation = try scanner.plainString()
        try scanner.expect(#","kind":"#)
        let kind = try scanner.plainString()
        try scanner.expect(#","id":"#)
        guard let kind = Kind(name: kind) else {
            throw .otherVersion("it has a resource of a kind that this version does not know, \(kind)")
        }
        guard let id = UUID(spelling: try scanner.plainString()) else { throw JournalDamage("an id is no UUID") }
        var stored: StoredResource?
        switch operation {
        case "delete": break
        case "put":
            try scanner.expect(#","document":"#)
            var new = StoredResource(document: try scanner.object(), version: sequence)
            if scanner.skip(#","secrets":"#) {
                guard let secrets = SealedSecrets(json: try scanner.object()) else {
                    throw JournalDamage("its secrets cannot be read")
                }
                new.secrets = secrets
            }
            stored = new
        default: throw .otherVersion("it has an operation that this version does not know, \(operation)")
        }
        try scanner.expect("}")
        self.init(resource: ResourceID(kind, id), stored: stored)
    }
}
