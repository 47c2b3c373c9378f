import Foundation
import Inventory
import Schema
import Store
import TestSupport
import Testing

@Suite("Concurrent writers")
struct ConcurrencyTests {
    @Test("race for one xname, and exactly one gets it, in every round")
    func oneXName() async throws {
        let inventory = try await StoreUnderTest()
        for round in 0..<50 {
            let text = #"{"hostname":"n","architecture":"a","xname":"x1000c0s\#(round)b0n0"}"#
            let won = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        do {
                            try await inventory.create(.computeNode, text)
                            return true
                        } catch {
                            return false
                        }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(won == 1)
        }
        #expect(inventory.store.count(.computeNode) == 50)
    }

    @Test("of a node and of its BMC never leave the node with an old BMC")
    func nodeAndBMC() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.computeNode, #"{"hostname":"n","architecture":"a","xname":"x1000c0s0b0n0"}"#)
        try await withThrowingTaskGroup { group in
            group.addTask {
                for round in 0..<200 {
                    let text = #"{"hostname":"n\#(round)","architecture":"a","xname":"x1000c0s0b0n0"}"#
                    try await inventory.replace(.computeNode, "x1000c0s0b0n0", text)
                }
            }
            group.addTask {
                for round in 0..<200 {
                    let text = """
                        {"xname":"x1000c0s0b0","username":"u\(round)","password":"p","mac_address":"02:00:00:00:00:01"}
                        """
                    try await inventory.replace(.bmc, "x1000c0s0b0", text)
                }
            }
            group.addTask {
                for _ in 0..<200 {
                    let node = try #require(try inventory.get(.computeNode, "x1000c0s0b0n0"))
                    #expect(node.text("/bmc/xname") == "x1000c0s0b0")
                }
            }
            try await group.waitForAll()
        }
        let node = try #require(try inventory.get(.computeNode, "x1000c0s0b0n0"))
        #expect(node[JSONPointer(["bmc"])] == (try inventory.get(.bmc, "x1000c0s0b0")))
        #expect(node.text("/bmc/username") == "u199")
        #expect(node.text("/hostname") == "n199")
    }
}
