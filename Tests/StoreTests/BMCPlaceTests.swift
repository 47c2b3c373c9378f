import Inventory
import Records
import Scheduling
import Schema
import TestSupport
import Testing

@testable import Store

@Suite("Nodes and their BMCs are in one place")
struct BMCPlaceTests {
    /// Nodes in slots 0 and 1, each with a BMC, and one with a placeholder in slot 2.
    private static func blades() async throws -> StoreUnderTest {
        let inventory = try await StoreUnderTest()
        try await inventory.create(
            .computeNode,
            all: [
                node("a", 0, bmc: "1"), node("b", 1, bmc: "2"), node("c", 2),
            ]
        )
        return inventory
    }

    @Test("after any of these changes", arguments: cases)
    func changes(_ example: Example) async throws {
        let inventory = try await Self.blades()
        for first in example.first { try await inventory.run([first]) }
        try await inventory.run(example.changes)
        #expect(inventory.places() == example.after)
        #expect(try inventory.misplaced().isEmpty)
    }

    @Test("or the change is refused, says why, and changes nothing", arguments: refusals)
    func refused(_ example: Refused) async throws {
        let inventory = try await Self.blades()
        for first in example.first { try await inventory.run([first]) }
        let before = inventory.contents
        let refused = try await refusal { try await inventory.run(example.changes) }
        #expect(refused?.reason == example.reason)
        for text in example.texts { #expect(refused?.text.contains(text) == true, "\(refused?.text ?? "")") }
        #expect(inventory.contents == before)
    }

    @Test("A placeholder keeps its id when it is filled in, and is not moved by it")
    func placeholder() async throws {
        let inventory = try await Self.blades()
        let id = try #require(try inventory.get(.bmc, "x1000c0s2b0")?.text("/id"))
        try await inventory.run([.patch(.computeNode, Self.place(2), #"{"bmc":\#(Self.full("3"))}"#)])
        #expect(try inventory.get(.bmc, Self.address("3"))?.text("/id") == id)
        try await inventory.run([.post(.computeNode, Self.node("n", 6))])
        let other = try #require(try inventory.get(.bmc, "x1000c0s6b0")?.text("/id"))
        let refused = try await refusal {
            try await inventory.run([
                .put(
                    .computeNode,
                    Self.place(0),
                    #"{"hostname":"a","architecture":"a","xname":"x1000c0s0b0n0","bmc":{"id":"\#(other)"}}"#
                )
            ])
        }
        #expect(refused?.reason == .conflict)
        #expect(refused?.text.contains("stands for whatever BMC is at x1000c0s6b0") == true)
    }

    @Test("The id with another MAC address is no replacement: the message says where to correct it")
    func idWithOtherAddress() async throws {
        let inventory = try await Self.blades()
        let id = try #require(try inventory.get(.bmc, "x1000c0s0b0")?.text("/id"))
        let refused = try await refusal {
            try await inventory.run([
                .put(
                    .computeNode,
                    Self.place(0),
                    #"{"hostname":"a","architecture":"a","xname":"x1000c0s0b0n0","bmc":{"id":"\#(id)","mac_address":"02:00:00:00:00:05"}}"#
                )
            ])
        }
        #expect(refused?.reason == .conflict)
        #expect(refused?.text.contains("change it at /BMC/\(id)") == true)
    }

    @Test("The history of a BMC that was replaced says which one took its place")
    func replacedHistory() async throws {
        let inventory = try await Self.blades()
        let old = try #require(inventory.resource(.bmc, "x1000c0s0b0")).id
        try await inventory.run([.patch(.computeNode, Self.place(0), #"{"bmc":\#(Self.full("9"))}"#)])
        let new = try #require(inventory.resource(.bmc, "x1000c0s0b0")).id
        let versions = try #require(
            try await inventory.store.versions(.bmc, old.lowercased, limit: 5, for: Caller())
        ).versions
        #expect(versions.count == 2)
        #expect(versions[0].json["taken"] == [["key": "xname", "value": "x1000c0s0b0", "by": .string(new.lowercased)]])
        #expect(versions[1].json["taken"] == nil)
    }

    @Test(
        "An address that identifies nothing is stored, and makes nothing one",
        arguments: [
            "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "33:33:00:00:00:01",
            "00:00:00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff:ff:ff",
            "80:00:00:48:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00",
            "00:ff:ff:ff:ff:12:40:1b:ff:ff:00:00:00:00:00:00:ff:ff:ff:ff",
        ]
    )
    func identifiesNothing(address: String) async throws {
        let isEthernet = address.utf8.count == 17
        let inventory = try await StoreUnderTest()
        for hostname in ["a", "b"] {
            try await inventory.create(
                .computeNode,
                #"""
                {"hostname":"\#(hostname)","architecture":"a",\#(isEthernet ? #""boot_mac":"\#(address)","# : "")
                 "network_interfaces":[{"interface_name":"e","mac_address":"\#(address)"}]}
                """#
            )
            guard isEthernet else { continue }
            try await inventory.create(.bmc, #"{"mac_address":"\#(address)","username":"u","password":"p"}"#)
        }
        _ = try await inventory.store.takeSnapshot()
        for inventory in [inventory, try await inventory.reopened()] {
            #expect(inventory.store.count(.computeNode) == 2)
            #expect(inventory.store.count(.bmc) == (isEthernet ? 2 : 0))
            #expect(inventory.resource(.computeNode, address) == nil)
            #expect(inventory.resource(.bmc, address) == nil)
            for kind in Kind.allCases {
                #expect(inventory.store.brokenRuleCounts(kind).allSatisfy { $0.count == 0 })
            }
        }
    }

    @Test("An address that identifies nothing does not take the place of one that is known, unless at the BMC itself")
    func keepsAddress() async throws {
        let inventory = try await Self.blades()
        let zero = "00:00:00:00:00:00"
        let unknown = #"{"mac_address":"\#(zero)","username":"u","password":"q"}"#
        let id = try #require(try inventory.get(.bmc, "x1000c0s0b0")?.text("/id"))
        try await inventory.run([.post(.computeNode, Self.node("n", 0, 1).dropLast() + #","bmc":\#(unknown)}"#)])
        try await inventory.run([.patch(.computeNode, Self.place(0), #"{"bmc":\#(unknown)}"#)])
        try await inventory.run([.patch(.bmc, id, #"{"description":"d"}"#)])
        try await inventory.run([
            .patch(.computeNode, Self.place(0), #"{"bmc":{"id":"\#(id)","mac_address":"\#(zero)"}}"#)
        ])
        #expect(inventory.places() == ["a": "1 s0", "n": "1 s0", "b": "2 s1", "c": "? s2"])
        #expect(try inventory.get(.bmc, Self.address("1"))?.text("/id") == id)
        // One that is unknown so far is stored as it was given.
        let given = #"{"mac_address":"\#(zero)","username":"u","password":"p"}"#
        try await inventory.run([.patch(.computeNode, Self.place(2), #"{"bmc":\#(given)}"#)])
        #expect(try inventory.get(.computeNode, Self.place(2))?.text("/bmc/mac_address") == zero)
        try await inventory.run([.patch(.bmc, id, #"{"mac_address":"\#(zero)"}"#)])
        #expect(try inventory.get(.bmc, id)?.text("/mac_address") == zero)
    }

    @Test("A name that looks like an address which identifies nothing is a name")
    func name() async throws {
        let inventory = try await StoreUnderTest()
        let collection = #"{"name":"ff:ff:ff:ff:ff:ff","type":"job","nodes":[]}"#
        try await inventory.create(.nodeCollection, collection)
        #expect(inventory.resource(.nodeCollection, "ff:ff:ff:ff:ff:ff") != nil)
        let refused = try await refusal { try await inventory.create(.nodeCollection, collection) }
        #expect(refused?.reason == .conflict)
    }

    @Test("whatever is done in whatever order")
    func generated() async throws {
        var generator = SeededGenerator()
        let inventory = try await Self.blades()
        var accepted = 0
        for _ in 0..<1000 {
            let changes = (0..<Int.random(in: 1...3, using: &generator)).map { _ in Self.random(using: &generator) }
            let before = inventory.contents
            let refused = try await refusal { try await inventory.run(changes) }
            if refused == nil { accepted += 1 } else { #expect(inventory.contents == before) }
            #expect(try inventory.misplaced().isEmpty, "\(generator) \(changes)")
        }
        #expect(accepted > 40)
    }

    private static func random(using generator: inout SeededGenerator) -> Change {
        func slot() -> Int { Int.random(in: 0..<4, using: &generator) }
        func number() -> Int { Int.random(in: 0..<2, using: &generator) }
        let mac = String(Int.random(in: 1..<7, using: &generator))
        let bmcs = [
            full(mac), #"{"mac_address":"\#(address(mac))"}"#, #"{"xname":"x1000c0s\#(slot())b0"}"#,
            #"{"username":"w"}"#, "null",
        ]
        let hostname = ["a", "b", "c", "d", "e", "f"].randomElement(using: &generator) ?? "a"
        let reference = bootMAC(hostname)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0:
            return .post(
                .computeNode,
                node(hostname, slot(), number(), bmc: Bool.random(using: &generator) ? mac : nil)
            )
        case 1:
            return .put(
                .computeNode,
                reference,
                node(hostname, slot(), number(), bmc: Bool.random(using: &generator) ? mac : nil)
            )
        case 2, 3: return .patch(.computeNode, reference, #"{"xname":"\#(place(slot(), number()))"}"#)
        case 4: return .patch(.computeNode, reference, #"{"bmc":\#(bmcs.randomElement(using: &generator) ?? "null")}"#)
        case 5: return .patch(.bmc, "x1000c0s\(slot())b0", #"{"xname":"x1000c0s\#(slot())b0"}"#)
        case 6: return .delete(Bool.random(using: &generator) ? .computeNode : .bmc, reference)
        default:
            return .patch(
                .computeNode,
                reference,
                #"{"xname":"\#(place(slot(), number()))","bmc":\#(bmcs.randomElement(using: &generator) ?? "null")}"#
            )
        }
    }
}

extension StoreUnderTest {
    /// Does all of this in one transaction.
    func run(_ changes: [BMCPlaceTests.Change]) async throws {
        let operations = try changes.map { change in
            switch change {
            case .post(let kind, let text):
                Transaction.Operation.create(try store.intake.submission(of: Array(text.utf8), kind))
            case .put(let kind, let reference, let text):
                Transaction.Operation(
                    .replace(kind.reference(reference), try store.intake.submission(of: Array(text.utf8), kind))
                )
            case .patch(let kind, let reference, let text):
                Transaction.Operation(.patch(kind, kind.reference(reference), MergePatch(try parsed(text))))
            case .delete(let kind, let reference): Transaction.Operation(.delete(kind, kind.reference(reference)))
            }
        }
        _ = try await store.commit(Transaction(author: nil, operations))
    }

    /// The BMC of each node by host name, such as `1 s0` for that with the MAC address that ends in 1 in slot 0; those of BMCs
    /// without nodes by `-`.
    func places() -> [String: String] {
        func text(_ bmc: JSONValue) -> String {
            let mac = bmc.text("/mac_address").map { $0.hasPrefix("00") ? "?" : String($0.suffix(1)) } ?? "?"
            return bmc.text("/xname").map { "\(mac) \($0.dropFirst(7).dropLast(2))" } ?? mac
        }
        var places: [String: String] = [:]
        var used: Set<String> = []
        for (_, stored) in store.directory.all(.computeNode) {
            let bmc = stored.json["bmc"] ?? .null
            places[stored.json.text("/hostname") ?? ""] = text(bmc)
            used.insert(bmc.text("/id") ?? "")
        }
        for (id, stored) in store.directory.all(.bmc) where !used.contains(id.lowercased) {
            places["-"] = text(stored.json)
        }
        return places
    }

    /// The nodes that are elsewhere than their BMCs, or whose copy of them is not the BMC.
    fileprivate func misplaced() throws -> [String] {
        try store.directory.all(.computeNode).compactMap { _, stored in
            guard let xname = stored.json.text("/xname") else { return nil }
            let place = String(xname.prefix { $0 != "n" })
            let bmc = try stored.json.text("/bmc/id").flatMap { try get(.bmc, $0) }
            return bmc != nil && bmc == stored.json["bmc"] && bmc?.text("/xname") == place ? nil : stored.json.text
        }
    }
}
