import Foundation
import Inventory
import Records
import Testing

@testable import Journal

@Suite("The head of a journal")
struct JournalHeadTests {
    private static let path = URL(filePath: "/data/head")

    private static func head(_ stamp: UInt64) throws -> JournalHead {
        let hash = try #require(ChainHash(String(repeating: "0123456789abcdef", count: 2)))
        return JournalHead(
            inventory: .version7(),
            stamp: stamp,
            oldest: 1,
            segment: 3,
            tip: ChainPoint(sequence: 4 + stamp, hash: hash)
        )
    }

    /// A file to which heads were written one after the other.
    private static func file(_ heads: [JournalHead]) -> [UInt8] {
        var bytes = heads[0].file
        for head in heads { bytes.replaceSubrange(head.offset..<head.offset + JournalHead.slotSize, with: head.slot) }
        return bytes
    }

    @Test("is the newer one of the two that are there")
    func newest() throws {
        for count in 1...4 {
            let heads = try (1...count).map { try Self.head(UInt64($0)) }
            let found = try JournalHead.found(in: Self.file(heads), file: Self.path)
            #expect(found == .head(heads[count - 1]))
        }
    }

    @Test("is the one before where a crash has torn the newer one, at any byte, and never another")
    func torn() throws {
        let heads = [try Self.head(6), try Self.head(7)]
        let whole = Self.file(heads)
        for length in 0..<JournalHead.slotSize {
            var torn = whole
            let old = try Self.head(5).slot
            torn.replaceSubrange(
                heads[1].offset + length..<heads[1].offset + JournalHead.slotSize,
                with: old[length...]
            )
            let found = try JournalHead.found(in: torn, file: Self.path)
            #expect(found == .head(heads[0]) || found == .head(heads[1]), "\(length)")
            var flipped = whole
            flipped[heads[1].offset + length] ^= 1 << (length % 8)
            let other = try JournalHead.found(in: flipped, file: Self.path)
            #expect(other == .head(heads[0]) || other == .head(heads[1]), "\(length)")
        }
    }

    @Test("of another length, or of which neither can be read, is damaged")
    func damaged() throws {
        let whole = Self.file([try Self.head(6), try Self.head(7)])
        for length in [0, 1, 512, 4096, 4607] {
            guard case .damaged = try JournalHead.found(in: Array(whole.prefix(length)), file: Self.path) else {
                Issue.record("\(length)")
                continue
            }
        }
        for byte in [0, UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "{")] {
            let bytes = [UInt8](repeating: byte, count: JournalHead.fileSize)
            guard case .damaged = try JournalHead.found(in: bytes, file: Self.path) else {
                Issue.record("\(byte)")
                continue
            }
        }
    }
}
