import Completeness
import Foundation
import Inventory
import Journal
import Records
import Store
import Synchronization
import TestSupport
import Testing

@Suite("A damaged journal")
struct JournalRepairTests {
    private func cabinet(_ number: Int) -> String { #"{"ID":"x\#(number)","Type":"Cabinet"}"# }

    /// A store that has written some transactions and has not stopped cleanly.
    private func filled(_ count: Int) async throws -> StoreUnderTest {
        let inventory = try await StoreUnderTest()
        for number in 0..<count { try await inventory.create(.component, cabinet(1000 + number)) }
        return inventory
    }

    @Test("is repaired by cutting it at the damage, with a word on what that costs")
    func repair() async throws {
        let inventory = try await filled(6)
        let segment = try segments(in: inventory.folder)[0]
        try segment.damage(line: 3)
        let bytes = try Data(contentsOf: segment)
        let copy = try inventory.copied()
        let plan = try JournalRepair.plan(copy.directory, at: Date())
        #expect(plan.isNeeded)
        #expect(try Data(contentsOf: segments(in: copy.folder)[0]) == bytes)
        let repair = try JournalRepair(copy.directory, at: Date())
        #expect(repair.lost.contains("transaction 2"))
        #expect(repair.lost.contains("3 behind"))
        #expect(try segments(in: copy.folder).map(\.lastPathComponent).first == segment.lastPathComponent)
        let reopened = try await StoreUnderTest(in: copy)
        #expect(reopened.store.count(.component) == 2)
        try await reopened.create(.component, cabinet(1004))
        #expect((reopened.resource(.component, "x1004")?.stored.version ?? 0) > 6)
        let kept = try copy.everyFile().filter {
            $0.key.contains("damaged-") && $0.key.hasSuffix(segment.lastPathComponent)
        }
        #expect(kept.values.map(\.self) == [bytes])
        #expect(try !JournalRepair.plan(copy.directory, at: Date()).isNeeded)
    }

    @Test("takes the segments behind the damage out too, and keeps them")
    func laterSegments() async throws {
        let first = try await filled(3)
        let second = try await first.reopened()
        try await second.create(.component, cabinet(2000))
        let original = try segments(in: second.folder)
        #expect(original.count == 2)
        try original[0].damage(line: 2)
        let later = try Data(contentsOf: original[1])
        let copy = try second.copied()
        let repair = try JournalRepair(copy.directory, at: Date())
        #expect(repair.lost.contains("2 behind"))
        #expect(try segments(in: copy.folder).map(\.lastPathComponent).contains(original[0].lastPathComponent))
        #expect(try !segments(in: copy.folder).map(\.lastPathComponent).contains(original[1].lastPathComponent))
        let kept = try copy.everyFile().filter { $0.key.contains("/damaged-") && $0.value == later }
        #expect(kept.keys.first?.hasSuffix(original[1].lastPathComponent) == true)
        #expect(try !copy.inspection().isDamaged)
    }

    @Test("costs history only where the damage is before a snapshot")
    func history() async throws {
        let inventory = try await filled(3)
        _ = try await inventory.store.takeSnapshot()
        try await inventory.create(.component, cabinet(2000))
        try segments(in: inventory.folder)[0].damage(line: 2)
        let copy = try inventory.copied()
        #expect(try copy.inspection().isDamaged)
        #expect(try await StoreUnderTest(in: copy).contents == inventory.contents)
        let again = try inventory.copied()
        let repair = try JournalRepair(again.directory, at: Date())
        #expect(repair.lost.contains("No state is lost"))
        #expect(try !again.inspection().isDamaged)
        #expect(try await StoreUnderTest(in: again).contents == inventory.contents)
    }

    /// Which line of which segment is damaged when the newest snapshot has everything.
    enum Place: CaseIterable {
        /// A transaction, in the segment that was written to before the snapshot; the one begun for it is not there.
        case transaction
        /// The first line of the segment that was begun for the snapshot.
        case header
    }

    @Test(
        "costs no state where the newest snapshot has everything, even in the last segment",
        arguments: Place.allCases
    )
    func everythingIsSaved(place: Place) async throws {
        let inventory = try await filled(4)
        _ = try await inventory.store.takeSnapshot()
        let copy = try inventory.copied()
        let files = try segments(in: copy.folder)
        #expect(files.count == 2)
        switch place {
        case .transaction:
            try FileManager.default.removeItem(at: files[1])
            try files[0].damage(line: 2)
        case .header: try files[1].damage(line: 0)
        }
        let damaged = try Data(contentsOf: files[place == .header ? 1 : 0])
        #expect(try copy.inspection().isDamaged)
        let repair = try JournalRepair(copy.directory, at: Date())
        #expect(repair.isNeeded)
        if place == .transaction { #expect(repair.lost.contains("No state is lost")) }
        #expect(try !copy.inspection().isDamaged)
        #expect(try copy.everyFile().values.contains(damaged), "what was damaged is not kept")
        let reopened = try await StoreUnderTest(in: copy)
        #expect(reopened.contents == inventory.contents)
        try await reopened.create(.component, cabinet(2000))
        #expect((reopened.resource(.component, "x2000")?.stored.version ?? 0) > 4)
    }

    @Test("of which a whole segment cannot be read is kept, and nobody says that nothing is lost")
    func unreadable() async throws {
        let inventory = try await filled(2)
        _ = try await inventory.store.takeSnapshot()
        try await inventory.create(.component, cabinet(2000))
        let copy = try inventory.copied()
        let segment = try segments(in: copy.folder)[1]
        let zeros = Data(repeating: 0, count: try Data(contentsOf: segment).count)
        try zeros.write(to: segment)
        let repair = try JournalRepair(copy.directory, at: Date())
        #expect(!repair.lost.contains("No state is lost"), "\(repair.lost)")
        #expect(try copy.everyFile().values.contains(zeros), "what was damaged is not kept")
        #expect(try await StoreUnderTest(in: copy).store.count(.component) == 2)
    }

    /// Where the damage is that a repair meets.
    enum Damage: CaseIterable {
        /// Behind every snapshot, with another segment behind it.
        case unsaved
        /// Before a snapshot, with another segment behind it.
        case beforeSnapshot
        /// In the last segment, all of which is in a snapshot.
        case saved
    }

    private func damaged(_ damage: Damage) async throws -> (folder: TestFolder, highest: UInt64) {
        let first = try await filled(4)
        if damage == .beforeSnapshot { _ = try await first.store.takeSnapshot() }
        let second = try await first.reopened()
        try await second.create(.component, cabinet(2000))
        try await second.delete(.component, "x1000")
        try await second.create(.component, cabinet(2001))
        if damage == .saved { _ = try await second.store.takeSnapshot() }
        let highest = second.store.journal.sequence
        let folder = try second.copied()
        var files = try segments(in: folder.folder)
        if damage == .saved { try FileManager.default.removeItem(at: files.removeLast()) }
        try files[damage == .saved ? files.count - 1 : 0].damage(line: 2)
        return (folder, highest)
    }

    @Test("is repaired all the same after the disk has failed any call of a repair", arguments: Damage.allCases)
    func interrupted(damage: Damage) async throws {
        let (original, highest) = try await damaged(damage)
        let contents = try segments(in: original.folder).map { try Data(contentsOf: $0) }
        let calls = Atomic(0)
        let undisturbed = try TestFolder(copying: original.folder)
        var counting = undisturbed.directory
        counting.disk = Disk { _, _ in
            calls.wrappingAdd(1, ordering: .relaxed)
            return nil
        }
        let repair = try JournalRepair(counting, at: Date())
        #expect(repair.isNeeded)
        #expect(repair.lost.contains("No state is lost") == (damage != .unsaved))
        let expected = try await StoreUnderTest(in: undisturbed).contents
        let count = calls.load(ordering: .relaxed)
        #expect(count > 3)
        for failing in 0..<count {
            let copy = try TestFolder(copying: original.folder)
            var bad = copy.directory
            calls.store(0, ordering: .relaxed)
            bad.disk = Disk { _, _ in
                calls.wrappingAdd(1, ordering: .relaxed).oldValue == failing ? EIO : nil
            }
            #expect(throws: DiskError.self, "call \(failing)") { try JournalRepair(bad, at: Date()) }
            _ = try JournalRepair(copy.directory, at: Date().addingTimeInterval(1))
            #expect(try !copy.inspection().isDamaged, "call \(failing)")
            let files = try copy.everyFile().values
            #expect(contents.allSatisfy { files.contains($0) }, "call \(failing): something is not kept")
            let reopened = try await StoreUnderTest(in: copy)
            #expect(reopened.contents == expected, "call \(failing)")
            try await reopened.create(.component, cabinet(3000))
            let version = reopened.resource(.component, "x3000")?.stored.version ?? 0
            #expect(version > highest, "call \(failing)")
        }
    }
}
