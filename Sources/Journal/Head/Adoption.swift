package import Foundation
import Inventory
package import Records

/// What was there of format 1 when format 2 began, whose files do not name one another.
package struct Adoption: Codable, Equatable, Sendable {
    /// Version of the format of this record.
    var format = DiskFormat.current
    private var id: String
    /// The segments, oldest first.
    package var segments: [Segment]
    /// The ids of the snapshots.
    package var snapshots: [String]
    /// The program that adopted them.
    var program = Version.program

    private enum CodingKeys: String, CodingKey {
        case format, segments, snapshots, program
        case id = "inventory"
    }

    package init(inventory: UUID, segments: [Segment], snapshots: [String]) {
        id = inventory.lowercased
        self.segments = segments
        self.snapshots = snapshots
    }

    /// The id that the inventory got.
    package var inventory: UUID {
        get {
            guard let inventory = UUID(spelling: id) else {
                preconditionFailure("an adoption that was read has a UUID")
            }
            return inventory
        }
        set { id = newValue.lowercased }
    }

    /// A segment of format 1.
    package struct Segment: Codable, Equatable, Sendable {
        /// The number in its name.
        package var first: UInt64
        /// The last transaction in it that counts; the number before ``first`` where it has none.
        var last: UInt64
        /// The hash after it; nil where a repair could not tell.
        var chain: String?

        package init(first: UInt64, last: UInt64, chain: String? = nil) {
            self.first = first
            self.last = last
            self.chain = chain
        }

        package var tip: ChainPoint? { chain.flatMap(ChainHash.init).map { ChainPoint(sequence: last, hash: $0) } }
    }

    /// What stands in the file of an adoption.
    package enum Found: Equatable, Sendable {
        case absent
        case adoption(Adoption)
        case damaged(String)
    }

    /// The file: a line as the journal has them.
    package var line: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            var bytes = Array(try encoder.encode(self).dropLast())
            JournalLine.seal(&bytes, from: 0)
            return bytes
        }
    }

    /// What a file has.
    ///
    /// - Throws: ``JournalError/otherVersion(file:line:reason:program:)`` for that of another version.
    package static func found(in bytes: [UInt8], file: URL) throws(JournalError) -> Found {
        guard bytes.last == UInt8(ascii: "\n") else { return .damaged("it ends early") }
        do {
            let adoption = try bytes.withUnsafeBytes { bytes in
                let body = try JournalLine.unsealed(UnsafeRawBufferPointer(rebasing: bytes.dropLast()))
                return try JSONDecoder().decode(Adoption.self, from: Data(body) + Data("}".utf8))
            }
            guard adoption.format == DiskFormat.current else {
                throw JournalError.otherVersion(
                    file: file.path,
                    line: nil,
                    reason: "it has format \(adoption.format); \(DiskFormat.known)",
                    program: adoption.program
                )
            }
            guard UUID(spelling: adoption.id) != nil else { return .damaged("it has no inventory") }
            return .adoption(adoption)
        } catch let error as JournalError {
            throw error
        } catch {
            return .damaged("\(error)")
        }
    }

    /// The place that everything of format 1 leads up to.
    package var tip: ChainPoint? { segments.last?.tip }
}
