import Foundation
import Inventory
import Schema
import Store
import Testing

@Suite("The journal")
struct JournalTests {
    private func cabinet(_ number: Int) -> String { #"{"ID":"x\#(number)","Type":"Cabinet"}"# }

    /// A store that has written some transactions and has not stopped cleanly.
    private func filled(_ count: Int = 4) async throws -> StoreUnderTest {
        let inventory = try await StoreUnderTest()
        for number in 0..<count { try await inventory.create(.component, cabinet(1000 + number), author: "é\"") }
        return inventory
    }

    private func segments(in folder: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: "journal"),
            includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "ndjson" }.sorted { $0.path < $1.path }
    }

    private func inspect(_ home: TestFolder) throws -> JournalInspection {
        try JournalInspection(JournalFolder(home.folder.appending(path: "journal")))
    }

    @Test("has every acknowledged write when the process is gone, with versions and secrets")
    func survives() async throws {
        let inventory = try await filled()
        try await inventory.create(
            .bmc,
            #"{"xname":"x1000c0s0b0","username":"u","password":"p","mac_address":"02:00:00:00:00:01"}"#
        )
        try await inventory.create(.computeNode, #"{"hostname":"n","architecture":"a","xname":"x1000c0s0b0n0"}"#)
        try await inventory.delete(.component, "x1001")
        let reopened = try await inventory.reopened()
        #expect(reopened.contents == inventory.contents)
        #expect(try reopened.get(.component, "x1001") == nil)
        #expect(try reopened.get(.computeNode, "x1000c0s0b0n0")?.text("/bmc/username") == "u")
    }

    @Test("never gives a sequence number again: it skips ahead, but not after a clean stop")
    func numbers() async throws {
        let inventory = try await filled(1)
        let unclean = try await inventory.reopened()
        try await unclean.create(.component, cabinet(2000))
        let first = try #require(unclean.store.resource(.component, "x2000")).stored.version
        #expect(first > 1_000_000)
        try await unclean.store.close(takingSnapshot: false)
        let clean = try await unclean.reopened()
        try await clean.create(.component, cabinet(2001))
        #expect(clean.store.resource(.component, "x2001")?.stored.version == first + 1)
        #expect(try await refusal { try await unclean.create(.component, cabinet(3000)) }?.reason == .unavailable)
    }

    @Test("cut anywhere in its last record gives the inventory before that, and keeps what it cuts off")
    func tornTail() async throws {
        let inventory = try await filled()
        let before = inventory.contents
        let segment = try segments(in: inventory.folder)[0]
        let size = try Data(contentsOf: segment).count
        try await inventory.delete(.component, "x1000")
        let whole = try Data(contentsOf: segment)
        for length in size..<whole.count {
            let copy = try inventory.copied()
            try whole.prefix(length).write(to: segments(in: copy.folder)[0])
            let reopened = try await StoreUnderTest(in: copy)
            #expect(reopened.contents == before)
            let torn = try FileManager.default.contentsOfDirectory(
                atPath: copy.folder.appending(path: "journal").path
            ).filter { $0.contains("torn") }
            #expect(torn.count == (length == size ? 0 : 1))
            #expect(try segments(in: copy.folder).count == 2)
            #expect(try !inspect(copy).isDamaged)
            try await reopened.create(.component, cabinet(1000 + length))
        }
    }

    @Test("with any bit flipped in a middle record refuses to start, and says where and what to do")
    func flippedInTheMiddle() async throws {
        let inventory = try await filled()
        let segment = try segments(in: inventory.folder)[0]
        let bytes = try Data(contentsOf: segment)
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for position in lines[2].startIndex...lines[2].endIndex {
            var damaged = bytes
            damaged[position] ^= 1 << (position % 8)
            let copy = try inventory.copied()
            try damaged.write(to: segments(in: copy.folder)[0])
            let error = await #expect(throws: JournalError.self) { _ = try await StoreUnderTest(in: copy) }
            let text = error?.description ?? ""
            #expect(text.contains("line 3"))
            #expect(text.contains(segment.lastPathComponent))
            #expect(text.contains("journal repair"))
            #expect(try inspect(copy).isDamaged)
        }
    }

    @Test("with any bit flipped in its last record gives the inventory before that or after it, never another")
    func flippedAtTheEnd() async throws {
        let inventory = try await filled(2)
        let before = inventory.contents
        try await inventory.create(.component, cabinet(1002))
        let segment = try segments(in: inventory.folder)[0]
        let bytes = try Data(contentsOf: segment)
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for position in lines[3].startIndex..<lines[3].endIndex {
            var damaged = bytes
            damaged[position] ^= 1 << (position % 8)
            let copy = try inventory.copied()
            try damaged.write(to: segments(in: copy.folder)[0])
            #expect(try await StoreUnderTest(in: copy).contents == before)
        }
    }

    @Test("of another format is refused with the program that can read it")
    func otherFormat() async throws {
        let inventory = try await filled()
        let segment = try segments(in: inventory.folder)[0]
        let text = try String(contentsOf: segment, encoding: .utf8)
        let header = #"{"format":7,"program":"node-orchestrator 9.9""#
        let lines = [header.sealed] + text.split(separator: "\n").dropFirst().map(String.init)
        try (lines.joined(separator: "\n") + "\n").write(to: segment, atomically: true, encoding: .utf8)
        let error = await #expect(throws: JournalError.self) { _ = try await inventory.reopened() }
        #expect(error?.description.contains("node-orchestrator 9.9") ?? false)
    }

    @Test("spreads a large transaction over lines that count together or not at all")
    func largeTransaction() async throws {
        let inventory = try await filled(1)
        let before = inventory.contents
        let segment = try segments(in: inventory.folder)[0]
        let size = try Data(contentsOf: segment).count
        let padding = String(repeating: "é", count: 1_000_000)
        let submissions = try (0..<12).map { number in
            try inventory.store.intake.submission(
                of: parsed(#"{"hostname":"n\#(number)","architecture":"a","description":"\#(padding)"}"#),
                .computeNode
            )
        }
        _ = try await inventory.store.commit(Transaction(author: nil, submissions.map { .create($0) }))
        let bytes = try Data(contentsOf: segment)
        let lines = bytes.dropFirst(size).split(separator: UInt8(ascii: "\n"))
        #expect(lines.count > 2)
        #expect(lines.allSatisfy { $0.count <= 8 << 20 })
        #expect(try await inventory.reopened().contents == inventory.contents)
        // Without its last line, and without the last of two lines, it is not there.
        for count in 1..<lines.count {
            let copy = try inventory.copied()
            try bytes.prefix(upTo: lines[lines.startIndex + count - 1].endIndex + 1).write(
                to: segments(in: copy.folder)[0]
            )
            #expect(try await StoreUnderTest(in: copy).contents == before)
        }
    }

    @Test("refuses a document that no line can hold")
    func tooLarge() async throws {
        let inventory = try await filled(1)
        let padding = String(repeating: "x", count: 5 << 20)
        let refused = try await refusal {
            try await inventory.create(
                .computeNode,
                #"{"hostname":"n","architecture":"a","description":"\#(padding)"}"#
            )
        }
        #expect(refused?.reason == .tooLarge)
        #expect(inventory.store.directory.count(.computeNode) == 0)
    }

    @Test("that begins behind the snapshots stops the start rather than leave anything out")
    func gap() async throws {
        let inventory = try await filled()
        _ = try await inventory.store.takeSnapshot()
        try await inventory.create(.component, cabinet(2000))
        let first = try segments(in: inventory.folder)[0]
        try FileManager.default.removeItem(at: first)
        #expect(try await inventory.reopened().contents == inventory.contents)
        try FileManager.default.removeItem(at: inventory.folder.appending(path: "snapshots"))
        let error = await #expect(throws: JournalError.self) { _ = try await inventory.reopened() }
        #expect(error?.description.contains("is missing") ?? false)
    }

    @Test("leaves out fields that this version of the program does not know")
    func unknownFields() async throws {
        let inventory = try await filled(1)
        let segment = try segments(in: inventory.folder)[0]
        let lines = try String(contentsOf: segment, encoding: .utf8).split(separator: "\n").map(String.init)
        let newer = lines[1].replacing(#""Type":"Cabinet""#, with: #""Type":"Cabinet","Colour":"red""#)
        let text = [lines[0], String(newer.dropLast(#","crc":"00000000"}"#.count)).sealed].joined(separator: "\n")
        try (text + "\n").write(to: segment, atomically: true, encoding: .utf8)
        #expect(try await inventory.reopened().contents == inventory.contents)
    }

    // MARK: Repair

    @Test("that is damaged is repaired by cutting it there, with a word on what that costs")
    func repair() async throws {
        let inventory = try await filled(6)
        let segment = try segments(in: inventory.folder)[0]
        var bytes = try Data(contentsOf: segment)
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        bytes[lines[3].startIndex + 40] ^= 1
        try bytes.write(to: segment)
        let copy = try inventory.copied()
        let configuration = InventoryStore.Configuration(dataDirectory: copy.folder)
        let plan = try JournalRepair.plan(configuration, at: Date())
        #expect(plan.isNeeded)
        #expect(try Data(contentsOf: segments(in: copy.folder)[0]) == bytes)
        let repair = try JournalRepair(configuration, at: Date())
        #expect(repair.lost.contains("transaction 2"))
        #expect(repair.lost.contains("3 behind"))
        let reopened = try await StoreUnderTest(in: copy)
        #expect(reopened.store.directory.count(.component) == 2)
        try await reopened.create(.component, cabinet(1004))
        #expect((reopened.store.resource(.component, "x1004")?.stored.version ?? 0) > 6)
        let kept = try FileManager.default.subpathsOfDirectory(atPath: copy.folder.path).filter {
            $0.contains("damaged-") && $0.hasSuffix(segment.lastPathComponent)
        }
        #expect(kept.count == 1)
        #expect(try !JournalRepair.plan(configuration, at: Date()).isNeeded)
    }

    @Test("that is damaged before a snapshot costs history only")
    func repairHistory() async throws {
        let inventory = try await filled(3)
        _ = try await inventory.store.takeSnapshot()
        try await inventory.create(.component, cabinet(2000))
        let segment = try segments(in: inventory.folder)[0]
        var bytes = try Data(contentsOf: segment)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: segment)
        let copy = try inventory.copied()
        #expect(try inspect(copy).isDamaged)
        #expect(try await StoreUnderTest(in: copy).contents == inventory.contents)
        let again = try inventory.copied()
        let repair = try JournalRepair(InventoryStore.Configuration(dataDirectory: again.folder), at: Date())
        #expect(repair.lost.contains("No state is lost"))
        #expect(try !inspect(again).isDamaged)
        #expect(try await StoreUnderTest(in: again).contents == inventory.contents)
    }
}

extension String {
    /// The text of a line of the journal with a checksum that holds: CRC32C, bit by bit.
    fileprivate var sealed: String {
        var checksum = UInt32.max
        for byte in utf8 {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum >> 1 ^ (checksum & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        let digits = String(~checksum, radix: 16)
        return self + #","crc":""# + String(repeating: "0", count: 8 - digits.count) + digits + "\"}"
    }
}
