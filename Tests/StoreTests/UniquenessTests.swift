import Foundation
import Inventory
import Records
import Store
import TestSupport
import Testing

@Suite("Unique keys")
struct UniquenessTests {
    private func node(_ fields: String) -> String {
        #"{"hostname":"n","architecture":"a",\#(fields)}"#
    }

    @Test(
        "belong to one node",
        arguments: [
            #""xname":"x01000c0s0b0n00""#,
            #""boot_mac":"02-00-00-00-00-01""#,
            #""boot_mac":"02:00:00:00:00:02""#,
            #""network_interfaces":[{"interface_name":"e","mac_address":"02:00:00:00:00:01"}]"#,
            #""network_interfaces":[{"interface_name":"e","mac_address":"02:00:00:00:00:02"}]"#,
        ]
    )
    func nodes(fields: String) async throws {
        let inventory = try await StoreUnderTest()
        let first = try await inventory.create(
            .computeNode,
            node(
                """
                "xname":"x1000c0s0b0n0","boot_mac":"02:00:00:00:00:01",
                "network_interfaces":[{"interface_name":"e","mac_address":"02:00:00:00:00:02"}]
                """
            )
        )
        let before = inventory.contents
        let refused = try await refusal { try await inventory.create(.computeNode, node(fields)) }
        #expect(refused?.reason == .conflict)
        #expect(refused?.text.contains(try #require(first.text("/id"))) == true)
        #expect(inventory.contents == before)
    }

    @Test("belong to one node, also where the transaction touches that one after the one that wants its key")
    func touched() async throws {
        let inventory = try await StoreUnderTest()
        func bmc(_ user: String) -> String {
            #""bmc":{"mac_address":"02:00:00:00:00:09","username":"\#(user)","password":"p"}"#
        }
        try await inventory.create(.computeNode, node(#""xname":"x1000c0s0b0n0",\#(bmc("u"))"#))
        let refused = try await refusal {
            try await inventory.create(.computeNode, node(#""xname":"x1000c0s0b0n0",\#(bmc("v"))"#))
        }
        #expect(refused?.reason == .conflict && inventory.store.count(.computeNode) == 1)
    }

    @Test("can be repeated within one node, and elsewhere than where they count")
    func repeated() async throws {
        let inventory = try await StoreUnderTest()
        let mac = "02:00:00:00:00:01"
        let interface = #"[{"interface_name":"e","mac_address":"\#(mac)"}]"#
        try await inventory.create(.computeNode, node(#""boot_mac":"\#(mac)","network_interfaces":\#(interface)"#))
        try await inventory.create(
            .computeNode,
            node(
                #""spec":{"boot_mac":"\#(mac)","network_interfaces":\#(interface)},"#
                    + #""status":{"network_interfaces":\#(interface)}"#
            )
        )
        #expect(inventory.store.count(.computeNode) == 2)
    }

    @Test("are free again after a deletion or a change")
    func freed() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.computeNode, node(#""xname":"x1000c0s0b0n0""#))
        try await inventory.replace(.computeNode, "x1000c0s0b0n0", node(#""xname":"x1000c0s0b0n1""#))
        try await inventory.create(.computeNode, node(#""xname":"x1000c0s0b0n0""#))
        try await inventory.delete(.computeNode, "x1000c0s0b0n1")
        try await inventory.create(.computeNode, node(#""xname":"x1000c0s0b0n1""#))
        #expect(try inventory.get(.computeNode, "x1000c0s0b0n1") != nil)
    }

    @Test("can be exchanged within one transaction, because rules hold for the state afterwards")
    func exchanged() async throws {
        let inventory = try await StoreUnderTest()
        let first = try await inventory.create(.computeNode, node(#""xname":"x1000c0s0b0n0""#)).text("/id") ?? ""
        let second = try await inventory.create(.computeNode, node(#""xname":"x1000c0s0b0n1""#)).text("/id") ?? ""
        let kind = Kind.computeNode
        let operations = try [(first, "x1000c0s0b0n1"), (second, "x1000c0s0b0n0")].map { id, xname in
            let document = try parsed(node(#""xname":"\#(xname)""#))
            return Transaction.Operation(
                .replace(kind.reference(id), try inventory.store.intake.submission(of: document, kind))
            )
        }
        _ = try await inventory.store.commit(Transaction(author: nil, operations))
        #expect(try inventory.get(kind, "x1000c0s0b0n0")?.text("/id") == second)
        #expect(try inventory.get(kind, "x1000c0s0b0n1")?.text("/id") == first)
    }

    @Test("refuse a whole array, and every element that breaks them is named")
    func array() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.computeNode, node(#""xname":"x1000c0s0b0n0""#))
        let before = inventory.contents
        let documents = ["x1000c0s0b0n0", "x1000c0s0b0n1", "x1000c0s0b0n2", "x1000c0s0b0n1"].map {
            node(#""xname":"\#($0)""#)
        }
        do {
            try await inventory.create(.computeNode, all: documents)
            Issue.record("the array was accepted")
        } catch let error as Refusal {
            #expect(Set(error.problems.map(\.operation)) == [0, 3])
            #expect(error.problems.allSatisfy { $0.reason == .conflict })
        }
        #expect(inventory.contents == before)
    }

    @Test("of ids: a known one is refused, a new one is kept")
    func ids() async throws {
        let inventory = try await StoreUnderTest()
        let id = "8f14e45f-ceea-467f-a0e6-bd2f4ad4b8a1"
        let created = try await inventory.create(.computeNode, node(#""id":"\#(id.uppercased())""#))
        #expect(created.text("/id") == id)
        let again = try await refusal { try await inventory.create(.computeNode, node(#""id":"\#(id)""#)) }
        #expect(again?.reason == .conflict)
        let other = try await refusal {
            try await inventory.replace(
                .computeNode,
                id,
                node(#""id":"9f14e45f-ceea-467f-a0e6-bd2f4ad4b8a1""#)
            )
        }
        #expect(other?.reason == .invalid)
    }

    @Test("of components and collections hold too")
    func otherKinds() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.component, #"{"ID":"x1000c0s0b0n0","Type":"Node"}"#)
        let component = try await refusal {
            try await inventory.create(.component, #"{"ID":"X1000C00S0B0N0","Type":"Node"}"#)
        }
        #expect(component?.reason == .conflict)
        try await inventory.create(.nodeCollection, #"{"name":"c","type":"job","nodes":[]}"#)
        let collection = try await refusal {
            try await inventory.create(.nodeCollection, #"{"name":"c","type":"ad-hoc","nodes":[]}"#)
        }
        #expect(collection?.reason == .conflict)
    }

    @Test("of memberships: one partition and one tenant a node, and the refusal names the other")
    func memberships() async throws {
        let inventory = try await StoreUnderTest()
        func collection(_ name: String, _ type: String, _ nodes: String) -> String {
            #"{"name":"\#(name)","type":"\#(type)","nodes":[\#(nodes)]}"#
        }
        try await inventory.create(.nodeCollection, collection("p1", "partition", #""x1000c0s0b0n0""#))
        try await inventory.create(.nodeCollection, collection("t1", "tenant", #""x1000c0s0b0n0""#))
        try await inventory.create(.nodeCollection, collection("j1", "job", #""x1000c0s0b0n0""#))
        try await inventory.create(.nodeCollection, collection("j2", "job", #""x1000c0s0b0n0""#))
        let refused = try await refusal {
            try await inventory.create(
                .nodeCollection,
                collection("p2", "partition", #""x1000c0s0b0n1","x01000c0s0b0n0""#)
            )
        }
        #expect(refused?.reason == .conflict)
        #expect(refused?.text.contains("x1000c0s0b0n0") == true)
        #expect(refused?.text.contains("p1") == true)
        try await inventory.replace(.nodeCollection, "p1", collection("p1", "partition", ""))
        try await inventory.create(.nodeCollection, collection("p2", "partition", #""x1000c0s0b0n0""#))
    }

    @Test("of a collection's creator: the token's subject, whatever is written")
    func creator() async throws {
        let inventory = try await StoreUnderTest()
        let text = #"{"name":"c","type":"job","nodes":[],"creator_subject":"mallory"}"#
        let created = try await inventory.create(.nodeCollection, text, author: "alice")
        #expect(created.text("/creator_subject") == "alice")
        let replaced = try await inventory.replace(.nodeCollection, "c", text)
        #expect(replaced.text("/creator_subject") == "alice")
    }

    @Test("say which resource a put is about, when its turn has come")
    func put() async throws {
        let inventory = try await StoreUnderTest()
        func put(_ kind: Kind, _ document: String) throws -> Transaction {
            let submission = try inventory.store.intake.submission(of: parsed(document), kind)
            return Transaction(author: nil, [.create(submission, existing: .replace)])
        }
        // Of two that come at once the second finds the first.
        let two = inventory.store.submit([
            try put(.computeNode, node(#""xname":"x1000c0s0b0n0","boot_mac":"02:00:00:00:00:01""#)),
            try put(.computeNode, node(#""xname":"x01000c0s0b0n0","description":"again""#)),
        ])
        let results = try await inventory.store.results(of: two).map { try $0.get().outcomes[0] }
        #expect(results[0].resource == results[1].resource && results[1].before == results[0].stored)
        #expect(try inventory.get(.computeNode, "x1000c0s0b0n0")?.text("/description") == "again")
        #expect(try inventory.get(.computeNode, "02:00:00:00:00:01") == nil)
        // By its identifier it may get another place; keys of two resources are a conflict.
        let id = results[0].resource.id.lowercased
        _ = try await inventory.store.commit(put(.computeNode, node(#""id":"\#(id)","xname":"x1000c0s1b0n0""#)))
        try await inventory.create(.computeNode, node(#""boot_mac":"02:00:00:00:00:02""#))
        let both = try put(.computeNode, node(#""xname":"x1000c0s1b0n0","boot_mac":"02:00:00:00:00:02""#))
        let before = inventory.contents
        #expect(try await refusal { _ = try await inventory.store.commit(both) }?.reason == .conflict)
        #expect(inventory.contents == before)
        // A member that another partition has does not make it that partition.
        let name = #""type":"partition","nodes":["x1000c0s1b0n0"]"#
        _ = try await inventory.store.commit(put(.nodeCollection, #"{"name":"p",\#(name)}"#))
        let other = try put(.nodeCollection, #"{"name":"q",\#(name)}"#)
        #expect(try await refusal { _ = try await inventory.store.commit(other) }?.reason == .conflict)
    }
}
