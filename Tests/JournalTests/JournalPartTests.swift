import Foundation
import Inventory
import Records
import TestSupport
import Testing

@testable import Journal

@Suite("Parts of a journal for another server")
struct JournalPartTests {
    private static let inventory = UUID.version7()

    /// A journal in a folder, and what writes it.
    private struct Side {
        let journal: PublishedJournal
        let writer: JournalWriter

        init(_ folder: URL) throws {
            let path = folder.appending(path: "journal")
            try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
            let recovery = JournalRecovery(tip: .beginning, next: 1, segments: [], stretches: [])
            journal = try PublishedJournal(JournalFolder(path), recovery)
            writer = try JournalWriter(
                journal,
                recovery,
                inventory: inventory,
                head: nil,
                headPath: folder.appending(path: "head"),
                policy: .always
            )
        }
    }

    /// Two journals of the same transactions, with segments that begin elsewhere, and the points behind the transactions.
    private static func sides(
        _ folders: [TestFolder],
        large: Int? = nil,
        _ generator: inout SeededGenerator
    ) throws -> (sides: [Side], points: [ChainPoint]) {
        let sides = try folders.map { try Side($0.folder) }
        var points: [ChainPoint] = []
        var next: UInt64 = 1
        for index in 0..<40 {
            // Now and then numbers are passed over.
            if Int.random(in: 0..<8, using: &generator) == 0 { next += UInt64.random(in: 1...1000, using: &generator) }
            // One has several lines.
            let size = index == large ? 3 << 20 : 20
            let document = #"{"hostname":"\#(String(repeating: "n", count: size))"}"#
            let record = JournalRecord(
                sequence: next,
                time: Timestamp(microseconds: Int64(next) * 1_000_000),
                author: "a",
                changes: (0..<3).map { _ in
                    JournalChange(
                        resource: ResourceID(.computeNode, .version7()),
                        stored: StoredResource(document: Array(document.utf8), version: next)
                    )
                }
            )
            for side in sides {
                guard case .counts(let found) = side.writer.append([record], after: side.writer.tip) else {
                    throw Failure(description: "a transaction was refused")
                }
                if side.journal === sides[0].journal { points += found }
                side.writer.announce()
                if Int.random(in: 0..<4, using: &generator) == 0 { try side.writer.rotate(at: 0) }
            }
            next += 1
        }
        return (sides, points)
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Writes a part to a file.
    private static func write(_ part: JournalPart, to file: URL) throws {
        let bytes = try part.header + part.pieces.flatMap { try $0.bytes() }
        #expect(bytes.count == part.size)
        try Data(bytes).write(to: file)
    }

    @Test("a journal is put together again from its end to its beginning, from servers with other segments")
    func whole() throws {
        var generator = SeededGenerator()
        let folders = [TestFolder(), TestFolder(), TestFolder()]
        let (sides, points) = try Self.sides(
            Array(folders.prefix(2)),
            large: .random(in: 0..<40, using: &generator),
            &generator
        )
        let copy = JournalFolder(folders[2].folder)
        try FileManager.default.createDirectory(at: copy.path, withIntermediateDirectories: true)
        let end = try #require(points.randomElement(using: &generator))
        var older: OlderSegment? = OlderSegment(end: end)
        while let wanted = older {
            let side = try #require(sides.randomElement(using: &generator))
            let part = try #require(
                try side.journal.part(from: wanted.first, through: wanted.end.sequence),
                "\(generator): \(wanted)"
            )
            let file = copy.partial(wanted)
            try Self.write(part, to: file)
            let taken = try copy.take(file, as: wanted, of: Self.inventory)
            older = try PublishedJournal(reading: copy, stretches: []).older
            #expect(taken.first == 1 || older != nil, "\(generator)")
        }
        let found = try PublishedJournal(reading: copy, stretches: []).transactions(after: .beginning)
        #expect(found.map(\.point) == points.prefix { $0.sequence <= end.sequence }, "\(generator)")
        let all = try sides[0].journal.transactions(after: .beginning)
        #expect(found.map(\.record) == all.prefix(found.count).map(\.record), "\(generator)")
    }

    @Test("what is not there is not given")
    func missing() throws {
        var generator = SeededGenerator()
        let folders = [TestFolder()]
        let (sides, points) = try Self.sides(folders, &generator)
        let (journal, last) = (sides[0].journal, points[points.count - 1].sequence)
        for (from, through) in [(nil, last + 1), (nil, 0), (last, last - 1), (0, last), (last + 1, last + 1)] {
            #expect(try journal.part(from: from, through: through) == nil, "\(generator): \(from ?? 0) \(through)")
        }
        let oldest = journal.segments[0]
        try journal.remove([oldest])
        #expect(try journal.part(from: 1, through: last) == nil, "\(generator)")
        #expect(try journal.part(from: journal.oldest, through: last) != nil, "\(generator)")
    }

    /// What is done to a part on its way.
    enum Change: CaseIterable {
        case cut, exchanged, short, long, otherBeginning, otherInventory, otherPast
    }

    @Test("what is not what it should be is not taken, and changes nothing", arguments: Change.allCases)
    func changed(_ change: Change) throws {
        var generator = SeededGenerator()
        let folders = [TestFolder(), TestFolder()]
        let (sides, points) = try Self.sides([folders[0]], &generator)
        let copy = JournalFolder(folders[1].folder)
        try FileManager.default.createDirectory(at: copy.path, withIntermediateDirectories: true)
        let end = points[points.count - 1]
        let part = try #require(try sides[0].journal.part(from: 1, through: end.sequence))
        var wanted = OlderSegment(first: 1, end: end)
        let file = copy.partial(wanted)
        try Self.write(part, to: file)
        var lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
        var inventory = Self.inventory
        switch change {
        case .cut: lines[lines.count - 1].removeLast()
        case .exchanged: lines.swapAt(1, 2)
        case .short: lines.removeLast()
        case .long: lines.append(lines[lines.count - 1])
        case .otherBeginning: wanted = OlderSegment(first: 2, end: end)
        case .otherInventory: inventory = .version7()
        case .otherPast:
            wanted = OlderSegment(first: 1, end: ChainPoint(sequence: end.sequence, hash: points[0].hash))
        }
        try Data(lines.joined(separator: [UInt8(ascii: "\n")]) + [UInt8(ascii: "\n")]).write(to: file)
        #expect(throws: JournalError.self, "\(generator)") { try copy.take(file, as: wanted, of: inventory) }
        #expect(try copy.disk.names(in: copy.path).isEmpty)
    }
}
