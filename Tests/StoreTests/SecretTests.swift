import Foundation
import Inventory
import Records
import Schema
import Store
import TestSupport
import Testing

@Suite("Secrets")
struct SecretTests {
    private static let bmc = #"{"xname":"x1000c0s0b0","username":"u","password":"p","mac_address":"02:00:00:00:00:01"}"#

    private func sealer(_ inventory: StoreUnderTest) throws -> SecretSealer {
        try SecretSealer(CredentialKey.all(in: KeyFile.read(inventory.folder.appending(path: "keys/credential.key"))))
    }

    /// The stored passwords of a resource, opened.
    private func secrets(_ inventory: StoreUnderTest, _ kind: Kind, _ reference: String) throws -> [String: String] {
        let stored = try #require(inventory.resource(kind, reference)).stored
        return Dictionary(
            uniqueKeysWithValues: try stored.secrets.all.map { ($0.pointer, try sealer(inventory).open($0.secret)) }
        )
    }

    @Test("are sealed, and an empty string stands for them")
    func sealed() async throws {
        let inventory = try await StoreUnderTest()
        #expect(try await inventory.create(.bmc, Self.bmc).text("/password") == "")
        #expect(try secrets(inventory, .bmc, "x1000c0s0b0") == ["/password": "p"])
    }

    @Test("stay when an empty string is written, and change when another is")
    func kept() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.bmc, Self.bmc)
        try await inventory.replace(.bmc, "x1000c0s0b0", Self.bmc.replacing(#":"p""#, with: #":"""#))
        #expect(try secrets(inventory, .bmc, "x1000c0s0b0") == ["/password": "p"])
        try await inventory.replace(.bmc, "x1000c0s0b0", Self.bmc.replacing(#":"p""#, with: #":"q""#))
        #expect(try secrets(inventory, .bmc, "x1000c0s0b0") == ["/password": "q"])
    }

    @Test("of a node's BMC go to the BMC, those of its specification stay with the node")
    func ofNodes() async throws {
        let inventory = try await StoreUnderTest()
        let node = """
            {"hostname":"a","architecture":"a","xname":"x1000c0s0b0n0","spec":{"bmc_password":"s"},
             "bmc":{"username":"u","password":"p","mac_address":"02:00:00:00:00:01"}}
            """
        let stored = try await inventory.create(.computeNode, node)
        #expect(try secrets(inventory, .bmc, "x1000c0s0b0") == ["/password": "p"])
        #expect(try secrets(inventory, .computeNode, "x1000c0s0b0n0") == ["/spec/bmc_password": "s"])
        try await inventory.replace(.computeNode, "x1000c0s0b0n0", stored.text)
        #expect(try secrets(inventory, .bmc, "x1000c0s0b0") == ["/password": "p"])
        #expect(try secrets(inventory, .computeNode, "x1000c0s0b0n0") == ["/spec/bmc_password": "s"])
        try await inventory.replace(
            .computeNode,
            "x1000c0s0b0n0",
            #"{"hostname":"a","architecture":"a","xname":"x1000c0s0b0n0"}"#
        )
        #expect(try secrets(inventory, .computeNode, "x1000c0s0b0n0").isEmpty)
        #expect(try secrets(inventory, .bmc, "x1000c0s0b0") == ["/password": "p"])
    }

    @Test("that stand for nothing stored are left out of the document")
    func standingForNothing() async throws {
        let inventory = try await StoreUnderTest()
        let bmc = try await inventory.create(.bmc, Self.bmc.replacing(#":"p""#, with: #":"""#))
        #expect(bmc[JSONPointer(["password"])] == nil)
        #expect(try secrets(inventory, .bmc, "x1000c0s0b0").isEmpty)
    }

    @Test("are opened by their own key alone, and refused when they are damaged")
    func wrongKey() throws {
        let sealer = SecretSealer([try CredentialKey([UInt8](repeating: 1, count: 32))])
        let other = SecretSealer([try CredentialKey([UInt8](repeating: 2, count: 32))])
        let sealed = try sealer.seal("p")
        #expect(try sealer.seal("p") != sealed)
        #expect(try sealer.open(sealed) == "p")
        #expect(throws: SecretError.self) { try other.open(sealed) }
        #expect(throws: SecretError.damaged) { try sealer.open(SealedSecret(sealed.description.dropLast(5) + "AAAA=")) }
        #expect(throws: SecretError.damaged) { try sealer.open(SealedSecret("v2.00000000.AAAA")) }
        #expect(throws: SecretError.malformedKey) { try CredentialKey([1, 2, 3]) }
    }

    @Test("survive a restart")
    func restart() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.bmc, Self.bmc)
        _ = try await inventory.store.takeSnapshot()
        let reopened = try await inventory.reopened()
        #expect(try secrets(reopened, .bmc, "x1000c0s0b0") == ["/password": "p"])
    }
}
