import Completeness
import Foundation
import Inventory
import Journal
import Records
import Scheduling
import Store
import Tables
import TestSupport
import Testing

@Suite("A file that is missing, or from elsewhere,")
struct MissingFileTests {
    private static func cabinet(_ number: Int) -> String { #"{"ID":"x\#(number)","Type":"Cabinet"}"# }

    /// A store that was killed with three segments, the first two of which have an index, and a snapshot before the last.
    private static func filled(_ numbers: Range<Int> = 1000..<1006) async throws -> StoreUnderTest {
        let first = try await StoreUnderTest()
        for number in numbers.prefix(2) { try await first.create(.component, cabinet(number)) }
        try await first.store.close(takingSnapshot: false)
        let second = try await first.reopened()
        for number in numbers.dropFirst(2).prefix(2) { try await second.create(.component, cabinet(number)) }
        _ = try await second.store.takeSnapshot()
        for number in numbers.dropFirst(4) { try await second.create(.component, cabinet(number)) }
        return second
    }

    /// Something that becomes of a data folder, and what a repair that accepts it costs.
    struct Attack: Sendable, CustomTestStringConvertible {
        var what: String
        /// What the refusal names.
        var names: [String]
        /// The last transaction that there is after a repair.
        var reach: Int
        var body: @Sendable (URL) throws -> Void

        var testDescription: String { what }
    }

    private static func segment(_ folder: URL, _ index: Int) throws -> URL { try segments(in: folder)[index] }

    private static func remove(_ file: URL) throws { try FileManager.default.removeItem(at: file) }

    private static let attacks = [
        Attack(what: "the newest segment is removed", names: ["00000000000000000005.ndjson"], reach: 4) {
            try remove(segment($0, 2))
        },
        Attack(what: "the middle segment is removed", names: ["00000000000000000003.ndjson"], reach: 6) {
            try remove(segment($0, 1))
        },
        Attack(what: "the oldest segment is removed", names: ["00000000000000000001.ndjson"], reach: 6) {
            try remove(segment($0, 0))
        },
        Attack(what: "the journal is not mounted", names: ["00000000000000000005.ndjson"], reach: 4) {
            try remove($0.appending(path: "journal"))
        },
        Attack(what: "the head is removed", names: ["/head is missing"], reach: 6) {
            try remove($0.appending(path: "head"))
        },
        Attack(what: "the head is cut off", names: ["/head cannot be read"], reach: 6) {
            let head = $0.appending(path: "head")
            try Data(contentsOf: head).dropLast().write(to: head)
        },
        Attack(
            what: "the newest segment is one of an older copy",
            names: ["05.ndjson ends with the transaction 5"],
            reach: 5
        ) {
            let segment = try segment($0, 2)
            var lines = try String(contentsOf: segment, encoding: .utf8).split(
                separator: "\n",
                omittingEmptySubsequences: false
            )
            lines.remove(at: lines.count - 2)
            try lines.joined(separator: "\n").write(to: segment, atomically: true, encoding: .utf8)
        },
        Attack(
            what: "a line before the last one is removed",
            names: ["05.ndjson, line 2", "does not follow 4"],
            reach: 4
        ) {
            let segment = try segment($0, 2)
            var lines = try String(contentsOf: segment, encoding: .utf8).split(
                separator: "\n",
                omittingEmptySubsequences: false
            )
            lines.remove(at: 1)
            try lines.joined(separator: "\n").write(to: segment, atomically: true, encoding: .utf8)
        },
        Attack(what: "the newest segment is empty", names: ["05.ndjson"], reach: 4) {
            try Data().write(to: segment($0, 2))
        },
    ]

    @Test("stops the start, which names it; a repair says what going on costs, and costs no more", arguments: attacks)
    func attack(_ attack: Attack) async throws {
        let inventory = try await Self.filled()
        let whole = try inventory.copied()
        let copy = try TestFolder(copying: whole.folder)
        try attack.body(copy.folder)
        let files = try copy.everyFile()
        let error = await #expect(throws: JournalError.self) { _ = try await StoreUnderTest(in: copy) }
        let inspection = try copy.inspection()
        #expect(inspection.isDamaged)
        let now = Date()
        let plan = try JournalRepair.plan(copy.directory, at: now)
        #expect(plan.isNeeded)
        for name in attack.names {
            #expect(error?.description.contains(name) ?? false, "\(error?.description ?? "")")
            #expect(plan.faults.contains { $0.contains(name) }, "\(plan.faults)")
        }
        let after = try copy.everyFile().filter { $0.key != "lock" && !$0.key.hasPrefix("tmp/") }
        #expect(after == files.filter { $0.key != "lock" }, "nothing is changed")
        let repair = try JournalRepair(copy.directory, at: now)
        #expect(repair.lost == plan.lost)
        #expect(
            repair.lost.contains("goes back to the transaction \(attack.reach)") == (attack.reach < 6),
            "\(repair.lost)"
        )
        #expect(try !JournalRepair.plan(copy.directory, at: Date()).isNeeded)
        #expect(try !copy.inspection().isDamaged)
        let reopened = try await StoreUnderTest(in: copy)
        #expect(reopened.store.count(.component) == attack.reach)
        try await reopened.create(.component, Self.cabinet(3000))
        #expect(try #require(reopened.resource(.component, "x3000")).stored.version > 1_000_000)
        // And with the file put back there is everything.
        #expect(try await StoreUnderTest(in: whole).contents == inventory.contents)
    }

    @Test("is not taken for the past: a difference that is read from files refuses, too")
    func offline() async throws {
        let copy = try await Self.filled().copied()
        try Self.remove(Self.segment(copy.folder, 1))
        #expect(throws: JournalError.self) {
            _ = try OfflineHistory(copy.directory)
        }
    }

    @Test("such as a snapshot of another inventory stops the start, and a repair puts it aside")
    func foreignSnapshot() async throws {
        let (own, other) = (try await Self.filled(), try await Self.filled(2000..<2008))
        let copy = try own.copied()
        let snapshot = try await other.store.takeSnapshot().snapshot
        let place = copy.folder.appending(path: "snapshots/\(snapshot.folder.lastPathComponent)")
        try FileManager.default.copyItem(at: snapshot.folder, to: place)
        let error = await #expect(throws: JournalError.self) { _ = try await StoreUnderTest(in: copy) }
        #expect(error?.description.contains(place.path) ?? false)
        #expect(error?.description.contains("belongs to the inventory") ?? false)
        let repair = try JournalRepair(copy.directory, at: Date())
        #expect(repair.lost == "Nothing is lost.")
        #expect(!FileManager.default.fileExists(atPath: place.path))
        #expect(try await StoreUnderTest(in: copy).contents == own.contents)
        #expect(try copy.everyFile().keys.contains { $0.contains("set-aside-") && $0.hasSuffix("manifest.json") })
    }

    @Test("such as a snapshot from a copy that went another way stops the start, ahead of the journal or not")
    func otherPast() async throws {
        let own = try await Self.filled()
        let other = try await own.reopened()
        try await own.create(.component, Self.cabinet(1500))
        try await other.create(.component, Self.cabinet(1600))
        let ahead = try await other.store.takeSnapshot().snapshot
        for isBehind in [false, true] {
            if isBehind {
                for number in 1501..<1503 { try await own.create(.component, Self.cabinet(number)) }
                _ = try await own.store.takeSnapshot()
                try await own.store.close(takingSnapshot: false)
            }
            let copy = try own.copied()
            let place = copy.folder.appending(path: "snapshots/\(ahead.folder.lastPathComponent)")
            try FileManager.default.copyItem(at: ahead.folder, to: place)
            let error = await #expect(throws: JournalError.self) { _ = try await StoreUnderTest(in: copy) }
            #expect(error?.description.contains(place.path) ?? false, "\(error?.description ?? "")")
            try Self.remove(place)
            #expect(try await StoreUnderTest(in: copy).contents == own.contents)
        }
    }

    @Test("such as a segment of another inventory stops the start, and a repair puts it aside")
    func foreignSegment() async throws {
        let (own, other) = (try await Self.filled(), try await Self.filled(2000..<2006))
        let copy = try own.copied()
        let place = try Self.segment(copy.folder, 1)
        try Self.remove(place)
        try FileManager.default.copyItem(at: Self.segment(other.folder, 1), to: place)
        let error = await #expect(throws: JournalError.self) { _ = try await StoreUnderTest(in: copy) }
        #expect(error?.description.contains("\(place.path) belongs to the inventory") ?? false)
        let repair = try JournalRepair(copy.directory, at: Date())
        #expect(repair.lost.contains("No state is lost"), "\(repair.lost)")
        #expect(try await StoreUnderTest(in: copy).contents == own.contents)
    }

    @Test("such as the key that sealed the secrets stops the start, rather than a new one being made")
    func credentialKey() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.component, Self.cabinet(1000))
        let key = "keys/credential.key"
        let early = try inventory.copied()
        try Self.remove(early.folder.appending(path: key))
        // Nothing was sealed.
        _ = try await StoreUnderTest(in: early)
        try await inventory.create(
            .bmc,
            #"{"xname":"x1000c0s0b0","username":"u","password":"p","mac_address":"02:00:00:00:00:01"}"#
        )
        let copy = try inventory.copied()
        try Self.remove(copy.folder.appending(path: key))
        let error = await #expect(throws: DiskError.self) { _ = try await StoreUnderTest(in: copy) }
        #expect(error?.description.contains("\(key) is missing") ?? false)
        #expect(!FileManager.default.fileExists(atPath: copy.folder.appending(path: key).path))
    }

    @Test(
        "such as the snapshot that the journal goes on from stops the start, and a repair goes back to the one before"
    )
    func gap() async throws {
        let inventory = try await StoreUnderTest { $0.retention = Retention(count: 1) }
        try await inventory.create(.component, Self.cabinet(1000))
        let old = try await inventory.store.takeSnapshot().snapshot
        let kept = try inventory.copied()
        try await inventory.create(.component, Self.cabinet(1001))
        let snapshot = try await inventory.store.takeSnapshot().snapshot
        try await inventory.create(.component, Self.cabinet(1002))
        let copy = try inventory.copied()
        let snapshots = copy.folder.appending(path: "snapshots")
        try Self.remove(snapshots.appending(path: snapshot.folder.lastPathComponent))
        let name = old.folder.lastPathComponent
        try FileManager.default.copyItem(
            at: kept.folder.appending(path: "snapshots/\(name)"),
            to: snapshots.appending(path: name)
        )
        let error = await #expect(throws: JournalError.self) { _ = try await StoreUnderTest(in: copy) }
        #expect(error?.description.contains("ends with the transaction 1, and the journal") ?? false)
        let repair = try JournalRepair(copy.directory, at: Date())
        #expect(repair.faults.contains { $0.contains("what was between is missing") })
        #expect(repair.lost.contains("goes back to the transaction 1"), "\(repair.lost)")
        let reopened = try await StoreUnderTest(in: copy)
        #expect(reopened.store.count(.component) == 1)
        try await reopened.create(.component, Self.cabinet(3000))
        #expect(try await reopened.reopened().contents == reopened.contents)
    }

    @Test("does not stop the start of a copy that was made while others write: head, then snapshots, then journal")
    func liveCopy() async throws {
        let inventory = try await StoreUnderTest { $0.retention = Retention(count: 1) }
        try await inventory.create(.component, Self.cabinet(1000))
        for round in 0..<6 {
            let copy = TestFolder()
            try FileManager.default.createDirectory(at: copy.folder, withIntermediateDirectories: true)
            // As much happens between each two steps as can: new segments, snapshots, and old ones that go.
            for (step, name) in ["head", "keys", "snapshots", "journal"].enumerated() {
                try FileManager.default.copyItem(
                    at: inventory.folder.appending(path: name),
                    to: copy.folder.appending(path: name)
                )
                try await inventory.create(.component, Self.cabinet(2000 + 10 * round + step))
                if step < 2 { _ = try await inventory.store.takeSnapshot() }
                try await inventory.create(.component, Self.cabinet(3000 + 10 * round + step))
            }
            let reopened = try await StoreUnderTest(in: copy)
            #expect(reopened.resource(.component, "x\(3000 + 10 * round + 2)") != nil)
            #expect(try !copy.inspection().isDamaged)
        }
    }

    @Test("such as an index that is cut off under a running store, ends no process: it is made anew")
    func cutIndices() async throws {
        let inventory = try await Self.filled()
        let reopened = try await inventory.reopened()
        let versions = try await reopened.store.versions(.component, "x1000", limit: 10, for: Caller())
        #expect(versions?.versions.count == 1)
        let journal = reopened.folder.appending(path: "journal")
        let indices = try FileManager.default.contentsOfDirectory(atPath: journal.path).filter {
            $0.hasSuffix(".index")
        }
        #expect(indices.count == 3)
        for name in indices { #expect(truncate(journal.appending(path: name).path, 0) == 0) }
        for reader in [reopened, try await reopened.reopened()] {
            for number in 1000..<1006 {
                let versions = try await reader.store.versions(.component, "x\(number)", limit: 10, for: Caller())
                #expect(versions?.versions.count == 1)
            }
        }
        // A segment that is cut off is a history that cannot be read.
        #expect(truncate(try Self.segment(reopened.folder, 0).path, 0) == 0)
        await #expect(throws: JournalError.self) {
            _ = try await reopened.store.versions(.component, "x1000", limit: 10, for: Caller())
        }
    }

    @Test("is none that was removed because it was not needed, at a stop or while snapshots are taken and deleted")
    func pruned() async throws {
        var inventory = try await StoreUnderTest { $0.retention = Retention(count: 1) }
        for round in 0..<3 {
            for number in 0..<2 { try await inventory.create(.component, Self.cabinet(1000 + 10 * round + number)) }
            // The last snapshot is taken, and the journal pruned, when nothing is written any more.
            try await inventory.store.close(takingSnapshot: true)
            #expect((inventory.store.journal.oldest > 1) == (round > 0))
            let next = try await inventory.reopened { $0.retention = Retention(count: 1) }
            #expect(next.contents == inventory.contents)
            inventory = next
        }
        for number in 2000..<2010 {
            try await inventory.create(.component, Self.cabinet(number))
            let store = inventory.store
            try await withThrowingTaskGroup { group in
                for _ in 0..<3 {
                    group.addTask { _ = try await store.takeSnapshot() }
                    group.addTask { _ = try await store.prune() }
                    group.addTask {
                        for snapshot in try await store.snapshots() {
                            do { _ = try await store.removeSnapshot(snapshot.id) } catch is Refusal {}
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await inventory.reopened().contents == inventory.contents)
        }
    }

    @Test("is noticed by a running store, which acknowledges nothing more", arguments: ["segment", "head", "lock"])
    func running(what: String) async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.component, Self.cabinet(1000))
        await inventory.store.lookAfterFiles()
        try await inventory.create(.component, Self.cabinet(1001))
        let file =
            what == "segment" ? try Self.segment(inventory.folder, 0) : inventory.folder.appending(path: what)
        let elsewhere = inventory.folder.appending(path: "elsewhere")
        try FileManager.default.moveItem(at: file, to: elsewhere)
        try await inventory.create(.component, Self.cabinet(1002))
        await inventory.store.lookAfterFiles()
        let refused = try await refusal { try await inventory.create(.component, Self.cabinet(1003)) }
        #expect(refused?.reason == .unavailable)
        #expect(inventory.store.journal.problem?.description.contains(file.path) ?? false)
        // Not even once it is back.
        try FileManager.default.moveItem(at: elsewhere, to: file)
        await inventory.store.lookAfterFiles()
        #expect(try await refusal { try await inventory.create(.component, Self.cabinet(1003)) } != nil)
        #expect(try await inventory.reopened().contents == inventory.contents)
    }
}
