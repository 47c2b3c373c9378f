import Foundation
import Inventory
import Schema

/// The first line of a segment.
struct JournalHeader: Codable {
    /// The version of the format that this program writes and reads.
    static let currentFormat = 1

    /// Version of the format.
    var format = Self.currentFormat
    /// Sequence numbers from here on in older segments count for nothing. Those before are on stable storage.
    var first: UInt64
    /// Sequence numbers below this have been given, whether their transactions are there or not.
    var next: UInt64
    /// When the segment was begun; never before a transaction in an older one.
    var at: String
    /// The program that wrote it.
    var program: String

    init(first: UInt64, next: UInt64, time: Timestamp) {
        self.first = first
        self.next = next
        at = time.millisecondText
        program = "node-orchestrator \(Version.current)"
    }

    /// - Parameter body: The line without its checksum, which leaves the object open.
    init(_ body: UnsafeRawBufferPointer) throws(JournalDamage) {
        do {
            let data = Data(body) + Data("}".utf8)
            let written = try JSONDecoder().decode(Writer.self, from: data)
            guard written.format == Self.currentFormat else {
                throw JournalDamage(
                    "it has format \(written.format) of \(written.program ?? "another program"), which can read it; "
                        + "this program reads format \(Self.currentFormat)",
                    isOtherFormat: true
                )
            }
            self = try JSONDecoder().decode(JournalHeader.self, from: data)
            guard first >= 1, next >= first, next < 1 << 53 else {
                throw JournalDamage("it has numbers that cannot be")
            }
        } catch let damage as JournalDamage {
            throw damage
        } catch {
            throw JournalDamage("it is no line of a journal")
        }
    }

    /// What every format has.
    private struct Writer: Decodable {
        var format: Int
        var program: String?
    }

    /// When the segment was begun.
    var time: Timestamp {
        get throws(InvalidValue) { try Timestamp(at) }
    }

    /// No header is longer than so many bytes.
    static let maximumSize = 256

    var line: [UInt8] {
        var bytes = Array(
            #"{"format":\#(format),"first":\#(first),"next":\#(next),"at":"\#(at)","program":"\#(program)""#.utf8
        )
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

/// What is wrong with a line of the journal.
struct JournalDamage: Error, Equatable, CustomStringConvertible {
    let description: String
    /// Whether the line may well be good, but for another version of the program.
    var isOtherFormat = false
    /// Whether the line is whole, so that no crash has left it like this.
    var isWhole = false

    init(_ description: String, isOtherFormat: Bool = false) {
        self.description = description
        self.isOtherFormat = isOtherFormat
    }
}
