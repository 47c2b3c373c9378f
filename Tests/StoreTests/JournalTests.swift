import Completeness
import Foundation
import Inventory
import Journal
import Records
import Store
import Synchronization
import TestSupport
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
        let first = try #require(unclean.resource(.component, "x2000")).stored.version
        #expect(first > 1_000_000)
        try await unclean.store.close(takingSnapshot: false)
        let clean = try await unclean.reopened()
        try await clean.create(.component, cabinet(2001))
        #expect(clean.resource(.component, "x2001")?.stored.version == first + 1)
        #expect(try await refusal { try await unclean.create(.component, cabinet(3000)) }?.reason == .unavailable)
    }

    @Test("cut anywhere in its last record gives the inventory before that, and keeps what it cuts off")
    func tornTail() async throws {
        let inventory = try await filled()
        let before = inventory.contents
        let segment = try segments(in: inventory.folder)[0]
        let size = try Data(contentsOf: segment).count
        let head = try Data(contentsOf: inventory.folder.appending(path: "head"))
        try await inventory.delete(.component, "x1000")
        let whole = try Data(contentsOf: segment)
        for length in size..<whole.count {
            // The sync has not come back, so that the head knows of nothing.
            let copy = try inventory.copied()
            try head.write(to: copy.folder.appending(path: "head"))
            try whole.prefix(length).write(to: segments(in: copy.folder)[0])
            let reopened = try await StoreUnderTest(in: copy)
            #expect(reopened.contents == before)
            let torn = try FileManager.default.contentsOfDirectory(
                atPath: copy.folder.appending(path: "journal").path
            ).filter { $0.contains("torn") }
            #expect(torn.count == (length == size ? 0 : 1))
            #expect(try segments(in: copy.folder).count == 2)
            #expect(try !copy.inspection().isDamaged)
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
            #expect(try copy.inspection().isDamaged)
        }
    }

    @Test(
        "with any bit flipped in its last record gives the inventory before that, or refuses where it was acknowledged"
    )
    func flippedAtTheEnd() async throws {
        let inventory = try await filled(2)
        let before = inventory.contents
        let head = try Data(contentsOf: inventory.folder.appending(path: "head"))
        try await inventory.create(.component, cabinet(1002))
        let segment = try segments(in: inventory.folder)[0]
        let bytes = try Data(contentsOf: segment)
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for position in lines[3].startIndex..<lines[3].endIndex {
            var damaged = bytes
            damaged[position] ^= 1 << (position % 8)
            let copy = try inventory.copied()
            try damaged.write(to: segments(in: copy.folder)[0])
            let error = await #expect(throws: JournalError.self) { _ = try await StoreUnderTest(in: copy) }
            #expect(error?.description.contains("line 4") ?? false)
            #expect(error?.description.contains("the transaction 3 is missing") ?? false)
            try head.write(to: copy.folder.appending(path: "head"))
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
        let copy = try inventory.copied()
        let files = try copy.everyFile()
        #expect(throws: JournalError.self) { try copy.inspection() }
        #expect(throws: JournalError.self) {
            try JournalRepair(copy.directory, at: Date())
        }
        #expect(try copy.everyFile() == files)
    }

    @Test("spreads a large transaction over lines that count together or not at all")
    func largeTransaction() async throws {
        let inventory = try await filled(1)
        let before = inventory.contents
        let segment = try segments(in: inventory.folder)[0]
        let size = try Data(contentsOf: segment).count
        let head = try Data(contentsOf: inventory.folder.appending(path: "head"))
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
            try head.write(to: copy.folder.appending(path: "head"))
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
        #expect(inventory.store.count(.computeNode) == 0)
        // Secrets are in the line too.
        let secret = try await refusal {
            try await inventory.create(
                .bmc,
                #"{"xname":"x1000c0s0b0","username":"u","password":"\#(padding)","mac_address":"02:00:00:00:00:01"}"#
            )
        }
        #expect(secret?.reason == .tooLarge)
        #expect(inventory.store.count(.bmc) == 0)
        #expect(try await inventory.reopened().contents == inventory.contents)
    }

    @Test("has times that never run backwards, in batches and where a segment is begun after a failure too")
    func times() async throws {
        let mustFail = Atomic(false)
        let inventory = try await StoreUnderTest {
            $0.fsync = .never
            $0.directory.disk = Disk { call, path in
                guard call == .write, path.pathExtension == "ndjson" else { return nil }
                // A disk that takes its time, so that others come to wait and the clock goes on.
                usleep(2000)
                return mustFail.exchange(false, ordering: .relaxed) ? EIO : nil
            }
        }
        for round in 0..<4 {
            for number in 0..<5 { try await inventory.create(.component, cabinet(1000 + 100 * round + number)) }
            if round == 2 { _ = try await inventory.store.takeSnapshot() }
            try await inventory.create(.component, cabinet(1090 + 100 * round))
            mustFail.store(true, ordering: .relaxed)
            let refused = try await refusal { try await inventory.create(.component, cabinet(2000 + round)) }
            #expect(refused?.reason == .unavailable)
            try await withThrowingTaskGroup { group in
                for number in 10..<30 {
                    group.addTask { try await inventory.create(.component, cabinet(1000 + 100 * round + number)) }
                }
                try await group.waitForAll()
            }
        }
        var last = ""
        var count = 0
        let segments = try segments(in: inventory.folder)
        for (index, segment) in segments.enumerated() {
            let successor = index + 1 < segments.count ? UInt64(segments[index + 1].lastPathComponent.prefix(20)) : nil
            for line in try Data(contentsOf: segment).split(separator: UInt8(ascii: "\n")) {
                let line = try JSONDecoder().decode(TimedLine.self, from: line)
                // What the next segment has voided counts for nothing.
                if let sequence = line.seq, let successor, sequence >= successor { break }
                #expect(line.at >= last, "\(segment.lastPathComponent): \(line)")
                last = line.at
                count += line.seq == nil ? 0 : 1
            }
        }
        #expect(count == 4 * 26)
        #expect(try await inventory.reopened().contents == inventory.contents)
    }

    /// What every line of the journal has, and the number that only transactions have.
    private struct TimedLine: Decodable {
        var seq: UInt64?
        var at: String
    }

    @Test("that begins behind the snapshots stops the start rather than leave anything out")
    func gap() async throws {
        let inventory = try await filled()
        _ = try await inventory.store.takeSnapshot()
        try await inventory.create(.component, cabinet(2000))
        let first = try segments(in: inventory.folder)[0]
        try FileManager.default.removeItem(at: first)
        try JournalText(inventory.home).acceptOldest()
        #expect(try await inventory.reopened().contents == inventory.contents)
        try FileManager.default.removeItem(at: inventory.folder.appending(path: "snapshots"))
        let error = await #expect(throws: JournalError.self) { _ = try await inventory.reopened() }
        #expect(error?.description.contains("is missing") ?? false)
    }

    @Test("with fields that this version of the program does not know stops the start, unless they are to be left out")
    func unknownFields() async throws {
        let inventory = try await filled(1)
        let copy = try inventory.copied()
        try JournalText(copy).edit { lines in
            lines[0].replace("node-orchestrator \(Version.current)", with: "node-orchestrator 9.9")
            lines[1].replace(#""Type":"Cabinet""#, with: #""Type":"Cabinet","Colour":"red""#)
        }
        let error = await #expect(throws: JournalError.self) { _ = try await StoreUnderTest(in: copy) }
        for text in ["Component.Colour", "node-orchestrator 9.9", "does not know"] {
            #expect(error?.description.contains(text) ?? false)
        }
        let reopened = try await StoreUnderTest(in: copy) { $0.dropsUnknownFields = true }
        #expect(reopened.contents == inventory.contents)
    }

    @Test("has documents in the order of this version's fields, whatever the order of another version")
    func otherOrder() async throws {
        let inventory = try await filled(1)
        let copy = try inventory.copied()
        try JournalText(copy).edit { lines in
            let type = #","Type":"Cabinet""#
            #expect(lines[1].contains(type))
            lines[1].replace(type, with: "")
            lines[1].replace(#""document":{"#, with: #""document":{"Type":"Cabinet","#)
        }
        let reopened = try await StoreUnderTest(in: copy)
        #expect(reopened.contents == inventory.contents)
        // The rows are written.
        #expect(try await reopened.store.takeSnapshot().isNew)
    }
}
