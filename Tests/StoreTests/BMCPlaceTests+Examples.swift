import Inventory
import Records
import TestSupport
import Testing

/// What the tests do with nodes and their BMCs.
extension BMCPlaceTests {
    static func node(_ hostname: String, _ slot: Int, _ number: Int = 0, bmc: String? = nil) -> String {
        let bmc = bmc.map { #","bmc":\#(full($0))"# } ?? ""
        let fields = #""architecture":"a","xname":"\#(place(slot, number))","boot_mac":"\#(bootMAC(hostname))""#
        return #"{"hostname":"\#(hostname)",\#(fields)\#(bmc)}"#
    }

    /// What a node is found by wherever it is.
    static func bootMAC(_ hostname: String) -> String {
        "06:00:00:00:00:\(String(hostname.utf8.first ?? 0, radix: 16))"
    }

    /// All that a new BMC needs.
    static func full(_ mac: String) -> String {
        #"{"mac_address":"\#(address(mac))","username":"u","password":"p"}"#
    }

    static func address(_ mac: String) -> String { "02:00:00:00:00:0\(mac)" }

    static func place(_ slot: Int, _ number: Int = 0) -> String { "x1000c0s\(slot)b0n\(number)" }

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

    static func move(_ hostname: String, to slot: Int, _ number: Int = 0, _ rest: String = "") -> Change {
        .patch(.computeNode, bootMAC(hostname), #"{"xname":"\#(place(slot, number))"\#(rest)}"#)
    }

    static let cases: [Example] = [
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
            "a node that is nowhere any more, whose BMC goes along; a new one in its slot",
            first: [.patch(.computeNode, place(0), #"{"xname":null}"#)],
            [.post(.computeNode, node("n", 0))],
            ["a": "1", "b": "2 s1", "c": "? s2", "n": "? s0"]
        ),
        Example(
            "a node that is somewhere again, with its BMC",
            first: [.patch(.computeNode, place(0), #"{"xname":null}"#)],
            [move("a", to: 5)],
            ["a": "1 s5", "b": "2 s1", "c": "? s2"]
        ),
        Example(
            "a PUT without xname and bmc",
            [.put(.computeNode, place(0), #"{"hostname":"a","architecture":"a"}"#)],
            ["a": "1", "b": "2 s1", "c": "? s2"]
        ),
        Example(
            "a node without a BMC of its own that is nowhere any more",
            [.patch(.computeNode, place(2), #"{"xname":null}"#)],
            ["a": "1 s0", "b": "2 s1", "c": "?", "-": "? s2"]
        ),
        Example(
            "a node that leaves its BMC to the place",
            [.patch(.computeNode, place(0), #"{"xname":null,"bmc":null}"#)],
            ["a": "?", "b": "2 s1", "c": "? s2", "-": "1 s0"]
        ),
        Example(
            "a board with two nodes that are nowhere any more",
            first: [.post(.computeNode, node("n", 0, 1))],
            [
                .patch(.computeNode, place(0), #"{"xname":null}"#),
                .patch(.computeNode, place(0, 1), #"{"xname":null}"#),
            ],
            ["a": "1", "n": "1", "b": "2 s1", "c": "? s2"]
        ),
        Example(
            "a new node that moves in the same transaction",
            [.post(.computeNode, node("n", 6, bmc: "9")), move("n", to: 7)],
            ["a": "1 s0", "b": "2 s1", "c": "? s2", "n": "9 s7"]
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

    static let refusals: [Refused] = [
        Refused(
            "a move that leaves another node behind",
            first: [.post(.computeNode, node("n", 0, 1))],
            [move("a", to: 5)],
            .conflict,
            "cannot take its BMC",
            "x1000c0s0b0n1"
        ),
        Refused(
            "a node that is nowhere any more, of two on a board",
            first: [.post(.computeNode, node("n", 0, 1))],
            [.patch(.computeNode, place(0), #"{"xname":null}"#)],
            .conflict,
            "cannot leave its place",
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
            "/bmc/xname: must be x1000c0s7b0"
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
            "cannot take its BMC",
            "would still have elsewhere"
        ),
        Refused(
            "a BMC at the place of another one, at /BMC",
            [.post(.bmc, #"{"xname":"x1000c0s0b0","mac_address":"02:00:00:00:00:03","username":"u","password":"p"}"#)],
            .conflict,
            "The xname x1000c0s0b0 already belongs to the BMC"
        ),
    ]
}
