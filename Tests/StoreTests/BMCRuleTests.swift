import Inventory
import Records
import Schema
import Store
import TestSupport
import Testing

@Suite("The BMC of a node")
struct BMCRuleTests {
    private static let bmc = #"{"xname":"x1000c0s0b0","username":"u","password":"p","mac_address":"02:00:00:00:00:01"}"#

    private static func node(_ hostname: String = "n", _ fields: String) -> String {
        #"{"hostname":"\#(hostname)","architecture":"a"\#(fields.isEmpty ? "" : ",")\#(fields)}"#
    }

    @Test(
        "is derived from the node's xname, and made where it is not stored",
        arguments: ["x1000c0s0b0", "x001c0s0b0", "x000c1s2b3"]
    )
    func derived(xname: String) async throws {
        let inventory = try await StoreUnderTest()
        let first = try await inventory.create(.computeNode, Self.node("a", #""xname":"\#(xname)n0""#))
        let second = try await inventory.create(.computeNode, Self.node("b", #""xname":"\#(xname)n1""#))
        #expect(first.text("/bmc/xname") == xname)
        #expect(first.text("/bmc/id") != nil)
        #expect(first.text("/bmc/id") == second.text("/bmc/id"))
        #expect(inventory.store.count(.bmc) == 1)
        #expect(try inventory.get(.bmc, xname)?.text("/id") == first.text("/bmc/id"))
    }

    @Test("that a transaction deletes does not come back with a change of its node", arguments: [true, false])
    func deletedBefore(isStored: Bool) async throws {
        let inventory = try await StoreUnderTest()
        let node = Self.node("a", #""xname":"x1000c0s0b0n0","bmc":\#(Self.bmc)"#)
        var operations = [
            Transaction.Operation(.delete(.bmc, Kind.bmc.reference("x1000c0s0b0"))),
            Transaction.Operation(
                .patch(
                    .computeNode,
                    Kind.computeNode.reference("x1000c0s0b0n0"),
                    MergePatch(["xname": "x1000c0s0b0n1"])
                )
            ),
        ]
        if isStored {
            try await inventory.create(.computeNode, node)
        } else {
            let submission = try inventory.store.intake.submission(of: Array(node.utf8), .computeNode)
            operations.insert(.create(submission), at: 0)
        }
        let before = inventory.contents
        let refused = try await refusal {
            _ = try await inventory.store.commit(Transaction(author: nil, operations))
        }
        #expect(refused?.reason == .conflict)
        #expect(refused?.text.contains("is the BMC of") == true)
        #expect(inventory.contents == before)
    }

    @Test("is none for a node without BMC and xname")
    func none() async throws {
        let inventory = try await StoreUnderTest()
        let node = try await inventory.create(.computeNode, Self.node("a", ""))
        #expect(node[JSONPointer(["bmc"])] == nil)
        #expect(inventory.store.count(.bmc) == 0)
    }

    @Test(
        "is found by id, xname or MAC address, and given fields overwrite its own",
        arguments: ["id", "xname", "mac_address"]
    )
    func found(key: String) async throws {
        let inventory = try await StoreUnderTest()
        let bmc = try await inventory.create(.bmc, Self.bmc)
        let value = try #require(bmc.text("/\(key)"))
        let node = try await inventory.create(
            .computeNode,
            Self.node("a", #""bmc":{"\#(key)":"\#(value)","description":"new","username":"other"}"#)
        )
        #expect(inventory.store.count(.bmc) == 1)
        #expect(node.text("/bmc/id") == bmc.text("/id"))
        #expect(node.text("/bmc/mac_address") == "02:00:00:00:00:01")
        #expect(node.text("/bmc/password") == "")
        #expect(try inventory.get(.bmc, "x1000c0s0b0")?.text("/description") == "new")
        #expect(try inventory.get(.bmc, "x1000c0s0b0")?.text("/username") == "other")
    }

    @Test("takes the node's location when it has none")
    func takesLocation() async throws {
        let inventory = try await StoreUnderTest()
        let node = try await inventory.create(
            .computeNode,
            Self.node(
                "a",
                #""xname":"x1000c0s0b0n0","bmc":{"username":"u","password":"p","mac_address":"02:00:00:00:00:02"}"#
            )
        )
        #expect(node.text("/bmc/xname") == "x1000c0s0b0")
        #expect(node.text("/bmc/mac_address") == "02:00:00:00:00:02")
    }

    @Test("needs username, password and MAC address when it is new, and each that lacks is named")
    func newNeedsFields() async throws {
        let inventory = try await StoreUnderTest()
        let refused = try await refusal {
            try await inventory.create(.computeNode, Self.node("a", #""bmc":{"xname":"x1000c0s0b0"}"#))
        }
        #expect(refused?.reason == .invalid)
        for field in ["username", "password", "mac_address"] {
            #expect(refused?.text.contains("/bmc/\(field): is required") == true)
        }
        #expect(inventory.contents.isEmpty)
    }

    @Test("that lacks fields is told with what else is wrong with the node")
    func newNeedsFieldsWithOthers() async throws {
        let inventory = try await StoreUnderTest()
        let refused = try await refusal {
            try await inventory.create(.computeNode, #"{"hostname":"a","bmc":{"username":"u","password":"p"}}"#)
        }
        #expect(refused?.text.contains("/architecture") == true)
        #expect(refused?.text.contains("/bmc/mac_address") == true)
    }

    @Test("is refused when its id and another key are not of one BMC")
    func ambiguous() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.bmc, Self.bmc)
        let other = try await inventory.create(
            .bmc,
            #"{"username":"u","password":"p","mac_address":"02:00:00:00:00:02"}"#
        )
        let id = try #require(other.text("/id"))
        let before = inventory.contents
        for keys in [
            #""id":"\#(id)","mac_address":"02:00:00:00:00:01""#,
            #""id":"8f14e45f-ceea-467f-a0e6-bd2f4ad4b8a1","xname":"x1000c0s0b0""#,
            #""id":"8f14e45f-ceea-467f-a0e6-bd2f4ad4b8a1","mac_address":"02:00:00:00:00:02""#,
        ] {
            let refused = try await refusal {
                try await inventory.create(.computeNode, Self.node("a", #""bmc":{\#(keys)}"#))
            }
            #expect(refused?.reason == .conflict)
        }
        #expect(inventory.contents == before)
    }

    @Test("shows its changes in every node that embeds it, with a new version")
    func changeShowsInNodes() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.bmc, Self.bmc)
        try await inventory.create(.computeNode, Self.node("a", #""xname":"x1000c0s0b0n0""#))
        try await inventory.create(.computeNode, Self.node("b", #""xname":"x1000c0s0b0n1""#))
        try await inventory.create(.computeNode, Self.node("c", #""xname":"x1000c0s1b0n0""#))
        let untouched = try #require(inventory.resource(.computeNode, "x1000c0s1b0n0")).stored
        try await inventory.replace(
            .bmc,
            "x1000c0s0b0",
            #"{"xname":"x1000c0s0b0","username":"v","password":"","mac_address":"02:00:00:00:00:09"}"#
        )
        let version = try #require(inventory.resource(.bmc, "x1000c0s0b0")).stored.version
        for xname in ["x1000c0s0b0n0", "x1000c0s0b0n1"] {
            let node = try #require(inventory.resource(.computeNode, xname)).stored
            #expect(try parsed(node.document).text("/bmc/username") == "v")
            #expect(node.version == version)
        }
        #expect(inventory.resource(.computeNode, "x1000c0s1b0n0")?.stored == untouched)
    }

    @Test("is not deleted while a node has it, and the refusal names the node")
    func notDeleted() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.computeNode, Self.node("a", #""xname":"x1000c0s0b0n0""#))
        let refused = try await refusal { try await inventory.delete(.bmc, "x1000c0s0b0") }
        #expect(refused?.reason == .conflict)
        #expect(refused?.text.contains("x1000c0s0b0n0") == true)
        try await inventory.delete(.computeNode, "x1000c0s0b0n0")
        try await inventory.delete(.bmc, "x1000c0s0b0")
        #expect(inventory.contents.isEmpty)
    }

    @Test("that was only derived can be sent back as it was answered, alone and in its node")
    func sentBack() async throws {
        let inventory = try await StoreUnderTest()
        let node = try await inventory.create(.computeNode, Self.node("a", #""xname":"x1000c0s0b0n0""#))
        let before = inventory.contents
        let bmc = try #require(try inventory.get(.bmc, "x1000c0s0b0"))
        #expect(try await inventory.replace(.bmc, "x1000c0s0b0", bmc.text) == bmc)
        #expect(try await inventory.replace(.computeNode, "x1000c0s0b0n0", node.text) == node)
        // Writing what is there changes nothing, the versions neither.
        #expect(inventory.contents == before)
        let refused = try await refusal {
            try await inventory.create(.bmc, #"{"xname":"x1000c0s0b1","mac_address":"02:00:00:00:00:07"}"#)
        }
        #expect(refused?.reason == .invalid)
    }
}
