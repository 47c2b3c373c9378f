import Inventory
import Records
import Schema
import TestSupport
import Testing

@testable import Store

@Suite("Documents for resources that are there already")
struct ExistingResourceTests {
    private static let all: [Transaction.ExistingResource] = [.skip, .patch, .replace]

    private func send(
        _ inventory: StoreUnderTest,
        _ kind: Kind,
        _ document: String,
        _ existing: Transaction.ExistingResource
    ) async throws -> Outcome {
        let submission = try inventory.store.intake.submission(of: Array(document.utf8), kind, existing: existing)
        let operation = Transaction.Operation.create(submission, existing: existing)
        return try await inventory.store.commit(Transaction(author: nil, [operation])).outcomes[0]
    }

    @Test("can be what the server has answered, though a new one could not be so", arguments: Self.all)
    func answered(existing: Transaction.ExistingResource) async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.computeNode, #"{"hostname":"n","architecture":"a","xname":"x1000c0s0b0n0"}"#)
        // The node's BMC is one of which nothing but its place is known.
        let bmc = try #require(try inventory.get(.bmc, "x1000c0s0b0"))
        #expect(try await send(inventory, .bmc, bmc.text, existing).isChange == false)
        let array = Array("[\(bmc.text)]".utf8)
        let operations = try inventory.store.intake.creations(of: array, .bmc, existing: existing)
        #expect(try await inventory.store.commit(Transaction(author: nil, operations)).outcomes[0].isChange == false)
        // Gone meanwhile, it is not made anew.
        let late = try inventory.store.intake.submission(of: Array(bmc.text.utf8), .bmc, existing: existing)
        try await inventory.run([.delete(.computeNode, "x1000c0s0b0n0"), .delete(.bmc, "x1000c0s0b0")])
        let refused = try await refusal {
            _ = try await inventory.store.commit(Transaction(author: nil, [.create(late, existing: existing)]))
        }
        #expect(refused?.reason == .notFound)
        #expect(try await refusal { _ = try await send(inventory, .bmc, bmc.text, existing) }?.reason == .invalid)
    }

    @Test("are the same whatever the order of the members in maps and free-form objects", arguments: Self.all)
    func order(existing: Transaction.ExistingResource) async throws {
        let inventory = try await StoreUnderTest()
        func node(_ labels: String, _ data: String) -> String {
            let bmc = #"{"mac_address":"02:00:00:00:00:01","username":"u","password":"p","labels":\#(labels)}"#
            return #"""
                {"hostname":"n","architecture":"a","xname":"x1000c0s0b0n0","labels":\#(labels),"bmc":\#(bmc),
                 "status":{"extended_data":\#(data)}}
                """#
        }
        let first = node(#"{"b":"1","a":"2"}"#, #"{"user":{"y":1,"x":[2]},"meta":{}}"#)
        let made = try await inventory.create(.computeNode, first)
        let second = node(#"{"a":"2","b":"1"}"#, #"{"meta":{},"user":{"x":[2],"y":1}}"#)
        #expect(try await send(inventory, .computeNode, second, existing).isChange == false)
        #expect(try inventory.get(.computeNode, "x1000c0s0b0n0")?.text == made.text)
        guard existing != .skip else { return }
        let other = node(#"{"a":"1","b":"2"}"#, #"{"meta":{},"user":{"x":[2],"y":1}}"#)
        #expect(try await send(inventory, .computeNode, other, existing).isChange == true)
        let node = try #require(try inventory.get(.computeNode, "x1000c0s0b0n0"))
        #expect(node["labels"] == ["a": "1", "b": "2"] && node["bmc"]?["labels"] == ["a": "1", "b": "2"])
        #expect(try inventory.get(.bmc, "x1000c0s0b0")?.text == node["bmc"]?.text)
    }

    @Test("have that one's id or none", arguments: Self.all)
    func identifier(existing: Transaction.ExistingResource) async throws {
        let inventory = try await StoreUnderTest()
        let made = try await inventory.create(
            .computeNode,
            #"{"hostname":"n","architecture":"a","xname":"x1000c0s0b0n0"}"#
        )
        func node(_ id: String) -> String {
            #"{"id":"\#(id)","hostname":"n","architecture":"a","xname":"x1000c0s0b0n0"}"#
        }
        #expect(try await send(inventory, .computeNode, node(made.text("/id") ?? ""), existing).isChange == false)
        let refused = try await refusal {
            _ = try await send(inventory, .computeNode, node("11111111-0000-7000-8000-000000000001"), existing)
        }
        #expect(refused?.reason == .conflict)
        #expect(refused?.text.contains("is not that of the ComputeNode x1000c0s0b0n0") == true)
    }
}
