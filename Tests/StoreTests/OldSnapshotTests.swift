import Completeness
import Foundation
import Inventory
import Journal
import Records
import Scheduling
import Schema
import Store
import Synchronization
import Tables
import TestSupport
import Testing

@Suite("The past, where not all of its files are there or are good")
struct OldSnapshotTests {
    private func cabinet(_ number: Int) -> String { #"{"ID":"x\#(number)","Type":"Cabinet"}"# }

    private func names(_ resources: [StoredResource]) throws -> [String] {
        try resources.compactMap { try parsed($0.document).text("/ID") }.sorted()
    }

    private func components(_ inventory: StoreUnderTest, at moment: Moment) async throws -> [String] {
        try names(
            try await inventory.store.reader(at: moment, for: Caller()).search(Search(.component, parameters: []))
                .resources
                .map(\.stored)
        )
    }

    private func refusal(_ body: () async throws -> Void) async throws -> Refusal.Problem? {
        do {
            try await body()
            return nil
        } catch let refusal as Refusal {
            return refusal.problems[0]
        }
    }

    /// A disk that takes its time, so that no two transactions come in the same millisecond.
    private static let slowDisk = Disk { call, path in
        if call == .sync, path.pathExtension == "ndjson" { usleep(2000) }
        return nil
    }

    /// A store whose journal begins behind its oldest snapshot.
    ///
    /// x1000 is created (1), which the old snapshot has; x1001 is created (2), x1000 is deleted (3), which the next
    /// snapshot has; x1002 is created (4).
    private func shortened() async throws -> (inventory: StoreUnderTest, old: Snapshot, between: Timestamp) {
        let inventory = try await StoreUnderTest {
            $0.retention = Retention(count: 10)
            $0.directory.disk = Self.slowDisk
        }
        try await inventory.create(.component, cabinet(1000))
        let old = try await inventory.store.takeSnapshot().snapshot
        try await inventory.create(.component, cabinet(1001))
        try await inventory.delete(.component, "x1000")
        _ = try await inventory.store.takeSnapshot()
        try await inventory.create(.component, cabinet(1002))
        let versions = try #require(
            try await inventory.store.versions(.component, "x1001", limit: 10, for: Caller())?.versions
        )
        let between = try #require(versions.last?.time)
        let copy = try inventory.copied()
        for segment in try segments(in: copy.folder).dropLast() {
            try FileManager.default.removeItem(at: segment)
            let index = segment.deletingPathExtension().appendingPathExtension("index")
            if FileManager.default.fileExists(atPath: index.path) { try FileManager.default.removeItem(at: index) }
        }
        try JournalText(copy).acceptOldest()
        let reopened = try await StoreUnderTest(in: copy) { $0.retention = Retention(count: 10) }
        #expect(reopened.store.journal.oldest == 4)
        #expect(reopened.contents == inventory.contents)
        return (reopened, old, between)
    }

    @Test("can be read at a snapshot that is older than the journal, but not between that and the journal")
    func olderThanTheJournal() async throws {
        let (inventory, old, between) = try await shortened()
        let moment = Moment.snapshot(old.id)
        #expect(try await components(inventory, at: moment) == ["x1000"])
        #expect(try await components(inventory, at: .sequence(1)) == ["x1000"])
        #expect(try await components(inventory, at: .sequence(3)) == ["x1001"])
        #expect(try await components(inventory, at: .sequence(4)) == ["x1001", "x1002"])
        #expect(
            try await inventory.store.reader(at: moment, for: Caller()).resource(.component, "x1000").stored?.version
                == 1
        )
        for name in ["x1001", "x1002"] {
            #expect(
                try await inventory.store.reader(at: moment, for: Caller()).resource(.component, name).stored == nil
            )
        }
        let beforeAll = try Timestamp("2020-01-01T00:00:00Z")
        for gone in [Moment.sequence(0), .sequence(2), .time(between), .time(beforeAll)] {
            let problem = try await refusal { _ = try await components(inventory, at: gone) }
            #expect(problem?.reason == .gone, "\(gone)")
            #expect(problem?.oldest == 3, "\(gone)")
        }
    }

    @Test("is compared rightly with a snapshot that is older than the journal")
    func differenceFromOld() async throws {
        let (inventory, old, _) = try await shortened()
        let newest = inventory.store.journal.sequence
        for (to, added) in [(newest, ["x1001", "x1002"]), (3, ["x1001"])] {
            let difference = try await inventory.store.difference(
                from: .snapshot(old.id),
                to: .sequence(to),
                for: Caller()
            )
            #expect(try names(difference.resources.filter { $0.before == nil }.compactMap(\.after)) == added)
            #expect(try names(difference.resources.filter { $0.after == nil }.compactMap(\.before)) == ["x1000"])
            #expect(difference.resources.count == added.count + 1)
            let back = try await inventory.store.difference(from: .sequence(to), to: .snapshot(old.id), for: Caller())
            #expect(back.resources.map(\.before) == difference.resources.map(\.after))
            #expect(back.resources.map(\.after) == difference.resources.map(\.before))
        }
    }

    @Test("comes back from a snapshot that is older than the journal, and goes again")
    func restoreOld() async throws {
        let (inventory, old, _) = try await shortened()
        let before = inventory.contents.mapValues(\.document)
        let newest = inventory.store.journal.sequence
        let past = try await inventory.store.reader(at: .snapshot(old.id), for: Caller())
            .search(Search(.component, parameters: []))
        let result = try await inventory.store.restore(to: .snapshot(old.id), for: Caller())
        #expect(result.resources.count == 3)
        #expect(inventory.contents.values.map(\.document) == past.resources.map(\.stored.document))
        #expect(try names(Array(inventory.contents.values)) == ["x1000"])
        #expect(try await inventory.store.restore(to: .snapshot(old.id), for: Caller()).resources.isEmpty)
        let restored = inventory.contents
        #expect(try await inventory.reopened().contents == restored)
        _ = try await inventory.store.restore(to: .sequence(newest), for: Caller())
        #expect(inventory.contents.mapValues(\.document) == before)
    }

    @Test("is read from the beginning of the journal where the snapshot on the way is damaged")
    func damagedBase() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.component, cabinet(1000))
        try await inventory.create(.component, cabinet(1001))
        let snapshot = try await inventory.store.takeSnapshot().snapshot
        let before = inventory.contents.mapValues(\.document)
        try await inventory.delete(.component, "x1000")
        try await inventory.create(.component, cabinet(1002))
        let file = try snapshot.parquet(.component)
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        for inventory in [inventory, try await inventory.reopened()] {
            for moment in [Moment.sequence(2), .snapshot(snapshot.id)] {
                #expect(try await components(inventory, at: moment) == ["x1000", "x1001"])
                #expect(
                    try await inventory.store.reader(at: moment, for: Caller()).resource(.component, "x1000").stored?
                        .version
                        == 1
                )
            }
            #expect(try await components(inventory, at: .sequence(3)) == ["x1001"])
            let difference = try await inventory.store.difference(from: .sequence(2), to: .sequence(4), for: Caller())
            #expect(try names(difference.resources.compactMap(\.before)) == ["x1000"])
            #expect(try names(difference.resources.compactMap(\.after)) == ["x1002"])
            #expect(try await inventory.store.restore(to: .sequence(2), for: Caller()).resources.count == 2)
            #expect(inventory.contents.mapValues(\.document) == before)
        }
    }

    private static let node = "x1000c0s0b0n0"

    private func node(_ hostname: String) -> String {
        """
        {"hostname":"\(hostname)","architecture":"a","xname":"\(Self.node)",\
        "status":{"power_state":{"on":true},"extended_data":{"shade":["kept"],"hostname":{"colour":"kept"}}}}
        """
    }

    @Test("leaves fields out that this program does not know, but nothing of what may have any field")
    func unknownFields() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.computeNode, node("one"))
        let document = try #require(inventory.resource(.computeNode, Self.node)).stored.document
        let copy = try inventory.copied()
        try JournalText(copy).edit { lines in
            let newer = lines[1].replacing(#""hostname":"one""#, with: #""hostname":"one","colour":{"of":"paint"}"#)
                .replacing(#""power_state":{"#, with: #""mood":"good","power_state":{"shade":1,"#)
            #expect(newer.utf8.count > lines[1].utf8.count + 40)
            lines[1] = newer
        }
        let reopened = try await StoreUnderTest(in: copy) { $0.dropsUnknownFields = true }
        let newest = try await reopened.replace(.computeNode, Self.node, node("two"))
        for parameters in [[], [(name: "hostname", value: "one")], [(name: "xname", value: Self.node)]] {
            let search = try Search(.computeNode, parameters: parameters)
            let found = try await reopened.store.reader(at: .sequence(1), for: Caller()).search(search).resources.map(
                \.stored
            )
            #expect(found.map(\.document) == [document], "\(parameters)")
        }
        #expect(
            try await reopened.store.reader(at: .sequence(1), for: Caller()).resource(.computeNode, Self.node).stored?
                .document
                == document
        )
        let end = reopened.store.journal.sequence
        let difference = try await reopened.store.difference(from: .sequence(1), to: .sequence(end), for: Caller())
        #expect(difference.resources.map(\.before?.document) == [document])
        #expect(
            try await reopened.store.difference(from: .sequence(0), to: .sequence(1), for: Caller()).resources.map {
                $0.resource.kind == .computeNode ? $0.after?.document : document
            }.allSatisfy { $0 == document }
        )
        let versions = try #require(
            try await reopened.store.versions(.computeNode, Self.node, limit: 10, for: Caller())?.versions
        )
        #expect(
            versions.map(\.patch) == [
                JSONPatch(from: try parsed(document), to: newest), JSONPatch(from: nil, to: try parsed(document)),
            ]
        )
        _ = try await reopened.store.restore(to: .sequence(1), for: Caller())
        #expect(reopened.resource(.computeNode, Self.node)?.stored.document == document)
    }

    @Test("can be read while no index can be written")
    func noIndices() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.component, cabinet(1000))
        for nid in 1..<5 {
            try await inventory.replace(.component, "x1000", #"{"ID":"x1000","Type":"Cabinet","NID":\#(nid)}"#)
            _ = try await inventory.store.takeSnapshot()
        }
        let copy = try inventory.copied()
        let refused = Atomic(0)
        let reopened = try await StoreUnderTest(in: copy) {
            $0.directory.disk = Disk { call, path in
                guard call == .open, path.lastPathComponent.hasSuffix("index.partial") else { return nil }
                refused.wrappingAdd(1, ordering: .relaxed)
                return ENOSPC
            }
        }
        try await reopened.replace(.component, "x1000", #"{"ID":"x1000","Type":"Cabinet","NID":5}"#)
        for _ in 0..<2 {
            let versions = try #require(
                try await reopened.store.versions(.component, "x1000", limit: 10, for: Caller())?.versions
            )
            #expect(versions.dropFirst().map(\.sequence) == [5, 4, 3, 2, 1])
            for nid in 1..<5 {
                let then = try await reopened.store.reader(at: .sequence(UInt64(nid) + 1), for: Caller())
                    .resource(.component, "x1000").stored
                #expect(then?.json["NID"] == .number(JSONNumber(nid)))
            }
            _ = try await reopened.store.takeSnapshot()
        }
        #expect(refused.load(ordering: .relaxed) > 0)
        #expect(try copy.everyFile().keys.allSatisfy { !$0.hasSuffix(".index") })
        #expect(reopened.store.journal.problem == nil)
    }
}
