import Foundation
import Inventory
import Journal
import Records
import Scheduling
import Schema
import Tables
import TestSupport
import Testing

@testable import Store

@Suite("History")
struct HistoryTests {
    private static let node = "x1000c0s0b0n0"

    private func node(_ hostname: String) -> String {
        #"{"hostname":"\#(hostname)","architecture":"a","xname":"\#(Self.node)"}"#
    }

    /// A node that is created (1), changed (2), gets a password (3), is deleted (4) and created anew (5).
    private func filled() async throws -> StoreUnderTest {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.computeNode, node("one"), author: "alice")
        try await inventory.replace(.computeNode, Self.node, node("two"))
        try await inventory.replace(
            .bmc,
            "x1000c0s0b0",
            #"{"xname":"x1000c0s0b0","username":"u","password":"secret","mac_address":"02:00:00:00:00:01"}"#
        )
        try await inventory.delete(.computeNode, Self.node)
        try await inventory.create(.computeNode, node("three"))
        return inventory
    }

    private func patches(_ versions: [ResourceVersion]) -> [String] { versions.map(\.patch.json.text) }

    private func versions(
        _ inventory: StoreUnderTest,
        _ kind: Kind,
        _ reference: String,
        limit: Int = 100,
        before: UInt64? = nil
    ) async throws -> [ResourceVersion]? {
        try await inventory.store.versions(kind, reference, limit: limit, before: before, for: Caller())?.versions
    }

    @Test("of a resource is each version with its number, author and patch, newest first; of deleted ones by id")
    func versions() async throws {
        let inventory = try await filled()
        let past = try #require(
            try await inventory.store.reader(at: .sequence(1), for: Caller()).resource(.computeNode, Self.node).stored
        )
        let id = try #require(past.json.text("/id"))
        let versions = try #require(try await versions(inventory, .computeNode, id))
        #expect(versions.map(\.sequence) == [4, 3, 2, 1])
        #expect(versions.map(\.isDeletion) == [true, false, false, false])
        #expect(versions.map(\.author) == [nil, nil, nil, "alice"])
        #expect(patches(versions)[0] == #"[{"op":"remove","path":""}]"#)
        #expect(patches(versions)[2] == #"[{"op":"replace","path":"/hostname","value":"two"}]"#)
        #expect(versions.last?.patch == JSONPatch(from: nil, to: past.json))
        let times = versions.compactMap(\.time)
        #expect(times.count == 4 && times == times.sorted(by: >))

        let bmc = try #require(try await self.versions(inventory, .bmc, "x1000c0s0b0"))
        #expect(bmc.map(\.sequence) == [3, 1])
        #expect(bmc[0].changedSecrets == ["/password"])
        #expect(try await self.versions(inventory, .computeNode, Self.node)?.map(\.sequence) == [5])
        #expect(try await self.versions(inventory, .computeNode, "x9000c0s0b0n0") == nil)
        #expect(try await self.versions(inventory, .bmc, id) == nil)
    }

    @Test("comes in pages that leave nothing out, across segments, restarts and lost indices")
    func pages() async throws {
        var inventory = try await StoreUnderTest()
        try await inventory.create(.computeNode, node("0"))
        for round in 1..<12 {
            try await inventory.replace(.computeNode, Self.node, node("\(round)"))
            if round % 3 == 0 { _ = try await inventory.store.takeSnapshot() }
            if round == 7 { inventory = try await inventory.reopened() }
        }
        let all = try #require(try await versions(inventory, .computeNode, Self.node))
        #expect(all.count == 12)
        for isWithoutIndices in [false, true] {
            if isWithoutIndices {
                let journal = inventory.folder.appending(path: "journal")
                for file in try FileManager.default.contentsOfDirectory(at: journal, includingPropertiesForKeys: nil)
                where file.pathExtension == "index" {
                    try Data("x".utf8).write(to: file)
                }
                inventory = try await inventory.reopened()
            }
            for limit in 1...12 {
                var found: [ResourceVersion] = []
                var hasMore = true
                while hasMore {
                    let page = try #require(
                        try await inventory.store.versions(
                            .computeNode,
                            Self.node,
                            limit: limit,
                            before: found.last?.sequence,
                            for: Caller()
                        )
                    )
                    #expect(page.versions.count <= limit && !page.versions.isEmpty)
                    found += page.versions
                    hasMore = page.hasMore
                }
                #expect(found.map(\.sequence) == all.map(\.sequence))
                #expect(patches(found) == patches(all))
            }
        }
    }

    @Test("reads a resource as it was, by any key that it had then")
    func resourceAt() async throws {
        let inventory = try await filled()
        func hostname(_ moment: Moment) async throws -> String? {
            try await inventory.store.reader(at: moment, for: Caller()).resource(.computeNode, Self.node).stored?.json
                .text(
                    "/hostname"
                )
        }
        let names: [String?] = [nil, "one", "two", "two", nil, "three"]
        for (sequence, name) in names.enumerated() {
            #expect(try await hostname(.sequence(UInt64(sequence))) == name)
        }
        let snapshot = try await inventory.store.takeSnapshot().snapshot
        try await inventory.delete(.computeNode, Self.node)
        #expect(try await hostname(.snapshot(snapshot.id)) == "three")
        let two = try await inventory.store.reader(at: .sequence(3), for: Caller()).resource(.computeNode, Self.node)
            .stored
        #expect(two?.version == 3)
        #expect(two?.json.text("/bmc/username") == "u")
    }

    @Test("takes times: the last transaction that was not later")
    func times() async throws {
        let inventory = try await filled()
        let versions = try #require(try await versions(inventory, .bmc, "x1000c0s0b0"))
        for version in versions {
            let time = try #require(version.time)
            let then = try await inventory.store.difference(
                from: .time(time),
                to: .sequence(version.sequence),
                for: Caller()
            )
            // Others may have come in the same millisecond.
            #expect(then.from >= version.sequence)
            let before = Timestamp(microseconds: time.microseconds - 1)
            #expect(
                try await inventory.store.difference(from: .time(before), to: .sequence(5), for: Caller()).from
                    < version.sequence
            )
        }
        // Before the first transaction there was nothing.
        let old = try Timestamp("2020-01-01T00:00:00Z")
        for moment in [Moment.time(old), .sequence(0)] {
            let reader = inventory.store.reader(at: moment, for: Caller())
            #expect(try await reader.search(Search(.bmc, parameters: [])).resources.isEmpty)
            #expect(try await reader.resource(.computeNode, Self.node).stored == nil)
            let all = try await inventory.store.difference(from: moment, to: .sequence(5), for: Caller())
            #expect(all.from == 0 && all.to == 5)
        }
        let future = try Timestamp("2999-01-01T00:00:00Z")
        #expect(
            try await refusal {
                _ = try await inventory.store.reader(at: .time(future), for: Caller()).search(
                    Search(.bmc, parameters: [])
                )
            }?.reason == .invalid
        )
        #expect(
            try await refusal {
                _ = try await inventory.store.difference(from: .sequence(0), to: .sequence(6), for: Caller())
            }?.reason
                == .invalid
        )
    }

    @Test("searches the inventory as it was")
    func searchAt() async throws {
        let inventory = try await filled()
        let search = try Search(.computeNode, parameters: [("hostname", "two")])
        #expect(
            try await inventory.store.reader(at: .sequence(3), for: Caller()).search(search).resources.map(
                \.stored.version
            )
                == [3]
        )
        #expect(try await inventory.store.reader(at: .sequence(5), for: Caller()).search(search).resources.isEmpty)
    }

    @Test("compares any two moments, in either direction")
    func difference() async throws {
        let inventory = try await filled()
        let difference = try await inventory.store.difference(from: .sequence(1), to: .sequence(3), for: Caller())
        #expect(difference.resources.map(\.resource.kind) == [.bmc, .computeNode])
        #expect(difference.resources.map(\.name) == ["x1000c0s0b0", Self.node])
        #expect(difference.resources[0].changedSecrets == ["/password"])
        let back = try await inventory.store.difference(from: .sequence(3), to: .sequence(1), for: Caller())
        #expect(back.resources.map(\.before) == difference.resources.map(\.after))
        let all = try await inventory.store.difference(from: .sequence(0), to: .sequence(5), for: Caller())
        #expect(all.resources.allSatisfy { $0.before == nil })
        #expect(all.resources.count == 2)
        #expect(
            try await inventory.store.difference(from: .sequence(2), to: .sequence(2), for: Caller()).resources.isEmpty
        )
        let offline = try OfflineHistory(inventory.home.directory)
        #expect(
            try offline.difference(from: .sequence(1), to: .sequence(3)).resources.map(\.after)
                == difference.resources.map(\.after)
        )
        #expect(try offline.difference(from: .sequence(0), to: nil).to == 5)
    }

    @Test("is never read without what is not kept any more, also when that goes just before it is read")
    func cutWhileRead() async throws {
        let inventory = try await StoreUnderTest { $0.retention = Retention(count: 1) }
        try await inventory.create(.computeNode, node("one"))
        _ = try await inventory.store.takeSnapshot()
        try await inventory.replace(.computeNode, Self.node, node("two"))
        _ = try await inventory.store.takeSnapshot()
        let newest = inventory.store.journal.sequence
        #expect(inventory.store.journal.oldest > 1)
        // As somebody asks who has found out before that all is there.
        var reader = JournalReader(inventory.store.journal, keepsIndices: false)
        let id = try #require(inventory.resource(.computeNode, Self.node)).id
        #expect(throws: Refusal.self) { try reader.resources(changedIn: 1...newest) }
        #expect(throws: Refusal.self) { try reader.versions(of: [ResourceID(.computeNode, id)], in: 1...newest) }
        #expect(throws: Refusal.self) {
            try reader.versions(of: ResourceID(.computeNode, id), in: 1...newest, limit: 10)
        }
    }

    @Test("that is not kept any more is gone, and the oldest moment that is kept is named")
    func pruned() async throws {
        let inventory = try await StoreUnderTest { $0.retention = Retention(count: 1) }
        try await inventory.create(.computeNode, node("one"))
        _ = try await inventory.store.takeSnapshot()
        try await inventory.replace(.computeNode, Self.node, node("two"))
        _ = try await inventory.store.takeSnapshot()
        try await inventory.replace(.computeNode, Self.node, node("three"))
        for moment in [Moment.sequence(0), .sequence(1)] {
            do {
                _ = try await inventory.store.reader(at: moment, for: Caller()).resource(.computeNode, Self.node)
                Issue.record("\(moment) should be gone")
            } catch let refusal as Refusal {
                #expect(refusal.problems[0].reason == .gone)
                #expect(refusal.problems[0].oldest == 2)
            }
        }
        #expect(
            try await inventory.store.reader(at: .sequence(2), for: Caller()).resource(.computeNode, Self.node).stored?
                .json
                .text(
                    "/hostname"
                )
                == "two"
        )
        let versions = try #require(try await versions(inventory, .computeNode, Self.node))
        #expect(versions.map(\.sequence) == [3, 2])
        #expect(versions[1].time == nil)
        #expect(patches(versions)[0] == #"[{"op":"replace","path":"/hostname","value":"three"}]"#)
        #expect(await gone { _ = try inventory.store.events(after: EventPosition(sequence: 0), kinds: nil) } == 2)
        #expect(try await inventory.reopened().contents == inventory.contents)
    }

    /// The oldest number that a refusal names.
    private func gone(_ body: () async throws -> Void) async -> UInt64? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? Refusal)?.problems[0].oldest
        }
    }

    @Test("goes back to any moment in one transaction, with secrets, and back again")
    func restore() async throws {
        let inventory = try await filled()
        let before = inventory.contents
        let restored = try await inventory.store.restore(
            to: .sequence(3),
            for: Caller(subject: "bob"),
            reason: "mistake"
        )
        #expect(restored.from == 5 && restored.to == 6)
        let node = try #require(try inventory.get(.computeNode, Self.node))
        #expect(node.text("/hostname") == "two")
        let id = try #require(node.text("/id"))
        let version = try #require(try await versions(inventory, .computeNode, id)?.first)
        #expect(version.sequence == 6)
        #expect(version.author == "bob")
        #expect(version.reason == "restore to sequence number 3: mistake")
        let again = try await inventory.store.restore(to: .sequence(5), for: Caller())
        #expect(again.to == 7)
        #expect(inventory.contents.mapValues(\.document) == before.mapValues(\.document))
        #expect(inventory.contents.mapValues(\.secrets) == before.mapValues(\.secrets))
        #expect(try await inventory.store.restore(to: .sequence(7), for: Caller()).resources.isEmpty)
        #expect(inventory.store.journal.sequence == 7)
        #expect(try await inventory.store.restore(to: .sequence(0), for: Caller()).resources.count == 2)
        #expect(inventory.contents.isEmpty)
        #expect(try await inventory.reopened().contents.isEmpty)
    }
}
