import Inventory
import Records
import TestSupport
import Testing

@testable import Store

/// As versions up to 0.2 have left them.
@Suite("Nodes that are elsewhere than their BMCs", .timeLimit(.minutes(5)))
struct MisplacedNodeTests {
    /// - Parameter change: Turns what was stored into what an earlier version could have stored.
    private func stored(_ change: @escaping (inout String) -> Void) async throws -> StoreUnderTest {
        let inventory = try await StoreUnderTest()
        for slot in 0..<3 {
            let bmc = #"{"username":"root","password":"p","mac_address":"02:00:5e:30:00:0\#(slot)"}"#
            let node = #"{"hostname":"n\#(slot)","architecture":"arm64","xname":"x1000c0s\#(slot)b0n0","bmc":\#(bmc)}"#
            try await inventory.create(.computeNode, node)
        }
        let copy = try inventory.copied()
        try JournalText(copy).edit { lines in for index in lines.indices { change(&lines[index]) } }
        return try await StoreUnderTest(in: copy)
    }

    private func count(_ inventory: StoreUnderTest) -> Int? {
        inventory.store.brokenRuleCounts(.computeNode).first { $0.rule == "bmc_place" }?.count
    }

    private func patch(_ inventory: StoreUnderTest, _ node: String, _ members: String) async throws {
        try await inventory.run([.patch(.computeNode, node, members)])
    }

    @Test("are counted, from the journal and from a snapshot, until they are put right")
    func moved() async throws {
        var inventory = try await stored { $0.replace(#""xname":"x1000c0s1b0n0""#, with: #""xname":"x1000c0s5b0n0""#) }
        for _ in 0..<2 {
            #expect(count(inventory) == 1)
            #expect(
                inventory.store.directory.example(of: .computeNode, breaking: "bmc_place")?.stored.json.text(
                    "/hostname"
                ) == "n1"
            )
            _ = try await inventory.store.takeSnapshot()
            inventory = try await inventory.reopened()
        }
        try await patch(inventory, "x1000c0s5b0n0", #"{"description":"d"}"#)
        #expect(count(inventory) == 1)
        let refused = try await refusal { try await patch(inventory, "x1000c0s5b0n0", #"{"xname":"x1000c0s7b0n0"}"#) }
        #expect(refused?.reason == .conflict)
        try await patch(inventory, "x1000c0s5b0n0", #"{"xname":"x1000c0s1b0n0"}"#)
        #expect(count(inventory) == 0)
        #expect(try await count(inventory.reopened()) == 0)
    }

    @Test("are those, too, whose BMC is nowhere")
    func nowhere() async throws {
        let inventory = try await stored { $0.replace(#""xname":"x1000c0s1b0","#, with: "") }
        #expect(count(inventory) == 1)
        _ = try await inventory.store.takeSnapshot()
        #expect(try await count(inventory.reopened()) == 1)
    }

    @Test("are not those that are nowhere themselves")
    func withoutXName() async throws {
        let inventory = try await stored { $0.replace(#""xname":"x1000c0s1b0n0","#, with: "") }
        #expect(try inventory.get(.computeNode, "02:00:5e:30:00:01") == nil)
        #expect(count(inventory) == 0)
        _ = try await inventory.store.takeSnapshot()
        #expect(try await count(inventory.reopened()) == 0)
    }
}
