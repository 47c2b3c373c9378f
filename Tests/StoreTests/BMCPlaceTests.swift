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

    private static func node(_ hostname: String, _ slot: Int, _ number: Int = 0, bmc: String? = nil) -> String {
        let bmc = bmc.map { #","bmc":\#(full($0))"# } ?? ""
        let fields = #""architecture":"a","xname":"\#(place(slot, number))","boot_mac":"\#(bootMAC(hostname))""#
        return #"{"hostname":"\#(hostname)",\#(fields)\#(bmc)}"#
    }

    /// What a node is found by wherever it is.
    private static func bootMAC(_ hostname: String) -> String {
        "06:00:00:00:00:\(String(hostname.utf8.first ?? 0, radix: 16))"
    }

    /// All that a new BMC needs.
    private static func full(_ mac: String) -> String {
        #"{"mac_address":"\#(address(mac))","username":"u","password":"p"}"#
    }

    private static func address(_ mac: String) -> String { "02:00:00:00:00:0\(mac)" }

    private static func place(_ slot: Int, _ number: Int = 0) -> String { "x1000c0s\(slot)b0n\(number)" }

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

    struct Example: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// What was done before, each in a transaction of its own.
        var first: [Change] = []
        var changes: [Change]
        /// The BMC of each node by host name, and of BMCs without nodes, as ``StoreUnderTest/places()`` has it.
        var after: [String: String]

        init(_ name: String, first: [Change] = [], _ changes: [Change], _ after: [String: String]) {
            testDescription = name
            self.first = first
            self.changes = changes
            self.after = after
        }
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var first: [Change] = []
        var changes: [Change]
        var reason: Refusal.Reason
        var texts: [String]

        init(_ name: String, first: [Change] = [], _ changes: [Change], _ reason: Refusal.Reason, _ texts: String...) {
            testDescription = name
            self.first = first
            self.changes = changes
            self.reason = reason
            self.texts = texts
        }
    }

    enum Change: Sendable {
        case post(Kind, String)
        case put(Kind, String, String)
        case patch(Kind, String, String)
        case delete(Kind, String)
    }

    private static func move(_ hostname: String, to slot: Int, _ number: Int = 0, _ rest: String = "") -> Change {
        .patch(.computeNode, bootMAC(hostname), #"{"xname":"\#(place(slot, number))"\#(rest)}"#)
    }

    private static let cases: [Example] = [
        Example(
            "a swap of two blades",
            [move("a", to: 1), move("b", to: 0)],
            ["a": "1 s1", "b": "2 s0", "c": "? s2"]
        ),
        Example(
            "a swap with a placeholder, which stays",
            [move("a", to: 2), move("c", to: 0)],
            ["a": "1 s2", "b": "2 s1", "c": "? s0"]
        ),
        Example("a move to a free slot", [move("a", to: 5)], ["a": "1 s5", "b": "2 s1", "c": "? s2"]),
        Example(
            "a move of a node without a BMC of its own",
            [move("c", to: 5)],
            ["a": "1 s0", "b": "2 s1", "c": "? s5", "-": "? s2"]
        ),
        Example(
            "a move by PUT without bmc",
            [.put(.computeNode, place(0), node("a", 5))],
            ["a": "1 s5", "b": "2 s1", "c": "? s2"]
        ),
        Example(
            "a new node in a slot that another leaves, in any order",
            [.post(.computeNode, node("n", 0)), move("a", to: 5)],
            ["a": "1 s5", "b": "2 s1", "c": "? s2", "n": "? s0"]
        ),
        Example(
            "a new node in the slot that another one left",
            first: [move("a", to: 5)],
            [.post(.computeNode, node("n", 0))],
            ["a": "1 s5", "b": "2 s1", "c": "? s2", "n": "? s0"]
        ),
        Example(
            "a move of a board with two nodes",
            first: [.post(.computeNode, node("n", 0, 1))],
            [move("a", to: 5), move("n", to: 5, 1)],
            ["a": "1 s5", "n": "1 s5", "b": "2 s1", "c": "? s2"]
        ),
        Example(
            "a move within a board",
            [.patch(.computeNode, place(0), #"{"xname":"\#(place(0, 1))"}"#)],
            ["a": "1 s0", "b": "2 s1", "c": "? s2"]
        ),
        Example(
            "a move to a BMC that is named by its place; the node's own stays behind",
            [move("a", to: 1, 1, #","bmc":{"xname":"x1000c0s1b0"}"#)],
            ["a": "2 s1", "b": "2 s1", "c": "? s2", "-": "1 s0"]
        ),
        Example(
            "a move to a BMC that is named by its MAC address",
            [move("a", to: 1, 1, #","bmc":{"mac_address":"02:00:00:00:00:02"}"#)],
            ["a": "2 s1", "b": "2 s1", "c": "? s2", "-": "1 s0"]
        ),
        Example(
            "a move with the node's own BMC, named, to where another one was left",
            first: [.delete(.computeNode, place(1))],
            [move("a", to: 1, 0, #","bmc":{"mac_address":"02:00:00:00:00:01"}"#)],
            ["a": "1 s1", "c": "? s2", "-": "2"]
        ),
        Example(
            "a move that changes a field of the BMC",
            [move("a", to: 5, 0, #","bmc":{"username":"v"}"#)],
            ["a": "1 s5", "b": "2 s1", "c": "? s2"]
        ),
        Example(
            "a move to the place of a placeholder with nodes, which get the BMC",
            [move("a", to: 2, 1)],
            ["a": "1 s2", "b": "2 s1", "c": "1 s2"]
        ),
        Example(
            "a replacement by PATCH",
            [.patch(.computeNode, place(0), #"{"bmc":\#(full("9"))}"#)],
            ["a": "9 s0", "b": "2 s1", "c": "? s2", "-": "1"]
        ),
        Example(
            "a replacement by PUT",
            [.put(.computeNode, place(0), node("a", 0, bmc: "9"))],
            ["a": "9 s0", "b": "2 s1", "c": "? s2", "-": "1"]
        ),
        Example(
            "a replacement by DELETE and POST",
            first: [.delete(.computeNode, place(0))],
            [.post(.computeNode, node("n", 0, bmc: "9"))],
            ["n": "9 s0", "b": "2 s1", "c": "? s2", "-": "1"]
        ),
        Example(
            "a replacement under two nodes at once",
            first: [.post(.computeNode, node("n", 0, 1))],
            [
                .patch(.computeNode, place(0), #"{"bmc":\#(full("9"))}"#),
                .patch(.computeNode, place(0, 1), #"{"bmc":{"mac_address":"02:00:00:00:00:09"}}"#),
            ],
            ["a": "9 s0", "n": "9 s0", "b": "2 s1", "c": "? s2", "-": "1"]
        ),
        Example(
            "an exchange of two boards under their nodes",
            [
                .patch(.computeNode, place(0), #"{"bmc":{"mac_address":"02:00:00:00:00:02"}}"#),
                .patch(.computeNode, place(1), #"{"bmc":{"mac_address":"02:00:00:00:00:01"}}"#),
            ],
            ["a": "2 s0", "b": "1 s1", "c": "? s2"]
        ),
        Example(
            "a board that comes back from repair",
            first: [.patch(.computeNode, place(0), #"{"bmc":\#(full("9"))}"#)],
            [.post(.computeNode, #"{"hostname":"n","architecture":"a","xname":"\#(place(7))","bmc":\#(full("1"))}"#)],
            ["a": "9 s0", "b": "2 s1", "c": "? s2", "n": "1 s7"]
        ),
        Example(
            "a placeholder that is filled in by its node",
            [.patch(.computeNode, place(2), #"{"bmc":\#(full("3"))}"#)],
            ["a": "1 s0", "b": "2 s1", "c": "3 s2"]
        ),
        Example(
            "a placeholder that a BMC which is posted stands for",
            [.post(.bmc, #"{"xname":"x1000c0s2b0","mac_address":"02:00:00:00:00:03","username":"u","password":"p"}"#)],
            ["a": "1 s0", "b": "2 s1", "c": "3 s2"]
        ),
        Example(
            "a correction of a MAC address at the BMC",
            [.patch(.bmc, "x1000c0s0b0", #"{"mac_address":"02:00:00:00:00:05"}"#)],
            ["a": "5 s0", "b": "2 s1", "c": "? s2"]
        ),
        Example(
            "a move of the BMC and of its node, each by itself",
            [.patch(.bmc, "x1000c0s0b0", #"{"xname":"x1000c0s5b0"}"#), move("a", to: 5)],
            ["a": "1 s5", "b": "2 s1", "c": "? s2"]
        ),
        Example(
            "a node that gets its first xname, with a BMC that has none",
            first: [
                .post(
                    .computeNode,
                    #"{"hostname":"n","architecture":"a","boot_mac":"\#(bootMAC("n"))","bmc":\#(full("7"))}"#
                )
            ],
            [.patch(.computeNode, bootMAC("n"), #"{"xname":"\#(place(7))"}"#)],
            ["a": "1 s0", "b": "2 s1", "c": "? s2", "n": "7 s7"]
        ),
        Example(
            "a node that loses its xname and keeps its BMC",
            [.patch(.computeNode, place(0), #"{"xname":null}"#)],
            ["a": "1 s0", "b": "2 s1", "c": "? s2"]
        ),
        Example(
            "BMCs whose address identifies nothing",
            [
                .post(.computeNode, node("n", 6, bmc: "0")), .post(.computeNode, node("m", 7, bmc: "0")),
                .patch(.computeNode, place(6), #"{"bmc":{"username":"v"}}"#),
            ],
            ["a": "1 s0", "b": "2 s1", "c": "? s2", "n": "? s6", "m": "? s7"]
        ),
    ].map { example in
        // The address of "0" is all zeros.
        var example = example
        example.changes = example.changes.map { change in
            guard case .post(let kind, let text) = change else { return change }
            return .post(kind, text.replacing("02:00:00:00:00:00", with: "00:00:00:00:00:00"))
        }
        return example
    }

    private static let refusals: [Refused] = [
        Refused(
            "a move that leaves another node behind",
            first: [.post(.computeNode, node("n", 0, 1))],
            [move("a", to: 5)],
            .conflict,
            "cannot take its BMC",
            "x1000c0s0b0n1"
        ),
        Refused(
            "a move to where a BMC is",
            [move("a", to: 1, 1)],
            .conflict,
            "at x1000c0s1b0 is the BMC",
            "Say in `bmc`"
        ),
        Refused("a move without a BMC of its own to where one is", [move("c", to: 1, 1)], .conflict, "Say in `bmc`"),
        Refused(
            "a move with the node's own BMC to where a node has another",
            [move("a", to: 1, 1, #","bmc":{"mac_address":"02:00:00:00:00:01"}"#)],
            .conflict,
            "x1000c0s1b0n0",
            "cannot leave its place"
        ),
        Refused(
            "a replacement under one of two nodes",
            first: [.post(.computeNode, node("n", 0, 1))],
            [.patch(.computeNode, place(0), #"{"bmc":\#(full("9"))}"#)],
            .conflict,
            "x1000c0s0b0n1",
            "cannot leave its place"
        ),
        Refused(
            "a node whose BMC is said to be elsewhere",
            [
                .post(
                    .computeNode,
                    #"{"hostname":"n","architecture":"a","xname":"x1000c0s7b0n0","bmc":{"xname":"x1000c0s0b0"}}"#
                )
            ],
            .invalid,
            "/bmc/xname: is not x1000c0s7b0"
        ),
        Refused(
            "a BMC that leaves its node",
            [.patch(.bmc, "x1000c0s0b0", #"{"xname":"x1000c0s9b0"}"#)],
            .conflict,
            "x1000c0s0b0n0",
            "cannot be at x1000c0s9b0"
        ),
        Refused(
            "a BMC that loses its place",
            [.patch(.bmc, "x1000c0s0b0", #"{"xname":null}"#)],
            .conflict,
            "x1000c0s0b0n0"
        ),
        Refused(
            "a correction at the node",
            [.patch(.computeNode, place(0), #"{"bmc":{"mac_address":"02:00:00:00:00:05"}}"#)],
            .invalid,
            "change it at /BMC/",
            "/bmc/username"
        ),
        Refused(
            "a board with two nodes that go to two places",
            first: [.post(.computeNode, node("n", 0, 1))],
            [move("a", to: 5), move("n", to: 6, 1)],
            .conflict,
            "cannot take its BMC"
        ),
        Refused(
            "a BMC that two new nodes have in two places",
            [.post(.computeNode, node("n", 6, bmc: "7")), .post(.computeNode, node("m", 7, bmc: "7"))],
            .conflict,
            "its BMC",
            "is elsewhere"
        ),
        Refused(
            "a BMC at the place of another one, at /BMC",
            [.post(.bmc, #"{"xname":"x1000c0s0b0","mac_address":"02:00:00:00:00:03","username":"u","password":"p"}"#)],
            .conflict,
            "The xname x1000c0s0b0 is that of the BMC"
        ),
    ]

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
        ]
    )
    func identifiesNothing(address: String) async throws {
        let inventory = try await StoreUnderTest()
        for hostname in ["a", "b"] {
            try await inventory.create(
                .computeNode,
                #"""
                {"hostname":"\#(hostname)","architecture":"a","boot_mac":"\#(address)",
                 "network_interfaces":[{"interface_name":"e","mac_address":"\#(address)"}]}
                """#
            )
            try await inventory.create(.bmc, #"{"mac_address":"\#(address)","username":"u","password":"p"}"#)
        }
        #expect(inventory.store.count(.computeNode) == 2)
        #expect(inventory.store.count(.bmc) == 2)
        #expect(inventory.resource(.computeNode, address) == nil)
        #expect(inventory.resource(.bmc, address) == nil)
    }

    @Test("whatever is done in whatever order")
    func generated() async throws {
        var generator = SeededGenerator()
        let inventory = try await Self.blades()
        var accepted = 0
        for _ in 0..<400 {
            let changes = (0..<Int.random(in: 1...3, using: &generator)).map { _ in Self.random(using: &generator) }
            let before = inventory.contents
            let refused = try await refusal { try await inventory.run(changes) }
            if refused == nil { accepted += 1 } else { #expect(inventory.contents == before) }
            #expect(try inventory.misplaced().isEmpty, "\(generator) \(changes)")
        }
        #expect(accepted > 10)
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
    fileprivate func run(_ changes: [BMCPlaceTests.Change]) async throws {
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
    fileprivate func places() -> [String: String] {
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
