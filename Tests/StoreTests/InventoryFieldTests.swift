import Inventory
import Records
import Scheduling
import Schema
import TestSupport
import Testing

@testable import Store

@Suite("What real inventories hold of a resource")
struct InventoryFieldTests {
    private static let node = #"""
        {"hostname":"n1","xname":"x1000c0s0b0n0","nid":1001,"architecture":"x86_64","boot_mac":"02:00:00:00:00:01",
         "network_interfaces":[{"interface_name":"hsn0","mac_address":"02:00:00:00:00:02","ipv4_address":"10.1.0.1",
           "ip_addresses":[{"ip_address":"10.100.0.7","network":"HMN"},{"ip_address":"FD00:0::7"}]}],
         "serial_number":"S1","manufacturer":"HPE","model":"EX425","labels":{"rack":"r1","site.org/owner":"ops"}}
        """#

    private func inventory() async throws -> StoreUnderTest {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.computeNode, Self.node)
        try await inventory.create(
            .computeNode,
            #"{"hostname":"n2","nid":1001,"architecture":"arm64","labels":{"rack":"r2"}}"#
        )
        try await inventory.create(.computeNode, #"{"hostname":"n3","nid":7,"architecture":"arm64"}"#)
        return inventory
    }

    @Test(
        "is searched for",
        arguments: [
            ("nid", "1001", ["n1", "n2"]), ("nid[lt]", "1001", ["n3"]), ("nid", "[0005-0007]", ["n3"]),
            ("serial_number", "S1", ["n1"]), ("manufacturer", "HPE", ["n1"]), ("model", "EX*", ["n1"]),
            ("labels.rack", "r1", ["n1"]), ("labels.rack", "r1,r2", ["n1", "n2"]),
            ("labels.site.org/owner", "ops", ["n1"]),
            ("labels.rack", "null", ["n3"]), ("labels.rack!", "null", ["n1", "n2"]), ("labels", "null", ["n3"]),
            ("ip", "10.100.0.7", ["n1"]), ("ip", "fd00::7", ["n1"]), ("ip", "10.1.0.1", ["n1"]),
            ("network_interfaces.ip_addresses.network", "HMN", ["n1"]),
            ("network_interfaces.ip_addresses.ip_address", "fd00:0:0::7", ["n1"]),
        ]
    )
    func found(name: String, value: String, hostnames: [String]) async throws {
        let search = try Search(.computeNode, parameters: [(name, value)])
        let inventory = try await inventory()
        // In the projection first, while the index is made, and then in memory.
        for _ in 0..<2 {
            let found = try await inventory.store.reader(for: Caller()).search(search).resources
            #expect(try found.map { try parsed($0.stored.document).text("/hostname") ?? "" }.sorted() == hostnames)
            if search.onlyEquality == nil { break }
            while inventory.store.directory.resources(matching: search) == nil,
                search.onlyEquality?.values.allSatisfy({ if case .scanned = $0.field.access { false } else { true } })
                    == true
            { await Task.yield() }
        }
    }

    @Test(
        "An InfiniBand address of an interface is unique, and found like a MAC address, in any spelling",
        arguments: [
            ("0c:42:a1:03:00:7b:e5:f2", ["0C42A103007BE5F2", "0c42:a103:007b:e5f2", "0c-42-a1-03-00-7b-e5-f2"]),
            (
                "00:00:10:49:fe:80:00:00:00:00:00:00:0c:42:a1:03:00:7b:e5:f2",
                ["00001049fe800000000000000C42A103007BE5F2", "0000:1049:fe80:0000:0000:0000:0c42:a103:007b:e5f2"]
            ),
        ]
    )
    func infiniBand(address: String, spellings: [String]) async throws {
        let inventory = try await StoreUnderTest()
        func node(_ hostname: String, _ address: String) -> String {
            let interface = #"{"interface_name":"ib0","mac_address":"\#(address)"}"#
            return #"{"hostname":"\#(hostname)","architecture":"a","network_interfaces":[\#(interface)]}"#
        }
        let made = try await inventory.create(.computeNode, node("n", spellings[0]))
        #expect(made.text("/network_interfaces/0/mac_address") == address)
        for spelling in [address] + spellings {
            #expect(try inventory.get(.computeNode, spelling) == made)
            for name in ["mac", "network_interfaces.mac_address"] {
                let search = try Search(.computeNode, parameters: [(name, spelling)])
                #expect(try await inventory.store.reader(for: Caller()).search(search).resources.count == 1)
                for pattern in ["\(spelling.dropLast(1))?", "\(spelling.dropLast(2))*", "*\(spelling.dropFirst(2))"] {
                    let search = try Search(.computeNode, parameters: [(name, pattern)])
                    let found = try await inventory.store.reader(for: Caller()).search(search).resources
                    #expect(found.count == 1, "\(pattern)")
                }
            }
            let refused = try await refusal { try await inventory.create(.computeNode, node("m", spelling)) }
            #expect(refused?.reason == .conflict)
        }
        for other in ["0c:42:a1:03:00:7b:e5", "0c42a103007be5f", address + ":00", "0c:42-a1:03:00:7b:e5:f2"] {
            let refused = try await refusal { try await inventory.create(.computeNode, node("m", other)) }
            #expect(refused?.reason == .invalid)
        }
        // Where an interface has its address, and nowhere else.
        let boot = #"{"hostname":"b","architecture":"a","boot_mac":"\#(address)"}"#
        #expect(try await refusal { try await inventory.create(.computeNode, boot) }?.reason == .invalid)
    }

    @Test("Signs of node sets are refused where a hostlist is meant, and are characters elsewhere")
    func setOperators() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.computeNode, #"{"hostname":"n1","architecture":"a","description":"R&D"}"#)
        for (name, value) in [("description", "R&D"), ("description", "R&*"), ("location_string!", "a!b")] {
            let search = try Search(.computeNode, parameters: [(name, value)])
            #expect(try await inventory.store.reader(for: Caller()).search(search).resources.count == 1)
        }
        for (name, value) in [
            ("hostname", "nid[1-9]!nid5"), ("hostname", "a&b"), ("xname", "x1000c0s0b0n0^x1000c0s1b0n0"),
            ("hostname", "@rack1"),
            ("description", "[1-3]&[2]"), ("bmc.xname", "x1000c0s0b0!x1000c0s1b0"),
        ] {
            #expect(throws: Refusal.self) { try Search(.computeNode, parameters: [(name, value)]) }
        }
        #expect(try Search(.computeNode, parameters: [("hostname", #"a\!b"#)]).onlyEquality != nil)
    }

    @Test("is there after a restart from a snapshot, and as it was")
    func kept() async throws {
        let inventory = try await inventory()
        let before = try #require(try inventory.get(.computeNode, "x1000c0s0b0n0"))
        #expect(before["nid"] == 1001)
        #expect(before.text("/network_interfaces/0/ip_addresses/1/ip_address") == "fd00::7")
        _ = try await inventory.store.takeSnapshot()
        let reopened = try await inventory.reopened()
        #expect(try reopened.get(.computeNode, "x1000c0s0b0n0") == before)
        #expect(reopened.contents == inventory.contents)
    }

    @Test(
        "Labels are a map of texts, on every kind",
        arguments: [
            (Kind.bmc, #"{"mac_address":"02:00:00:00:00:09","username":"u","password":"p","#),
            (.nodeCollection, #"{"name":"c","type":"ad-hoc","nodes":[],"#),
            (.component, #"{"ID":"x0c0s0b0n0","Type":"Node","#),
            (.computeNode, #"{"hostname":"n","architecture":"a","#),
        ]
    )
    func labels(kind: Kind, fields: String) async throws {
        let inventory = try await StoreUnderTest()
        let made = try await inventory.create(kind, fields + #""labels":{"b":"2","a":""}}"#)
        #expect(made["labels"] == ["b": "2", "a": ""])
        let search = try Search(kind, parameters: [("labels.a", "")])
        #expect(try await inventory.store.reader(for: Caller()).search(search).resources.count == 1)
        let refused = try await refusal { try await inventory.create(kind, fields + #""labels":{"a":1}}"#) }
        #expect(refused?.text.contains("/labels/a") == true)
    }

    @Test("An address that is neither IPv4 nor IPv6 is refused", arguments: ["10.1.0.256", "fd00::g", "", "n1"])
    func noAddress(text: String) async throws {
        let inventory = try await StoreUnderTest()
        let refused = try await refusal {
            try await inventory.create(.computeNode, Self.node.replacing("FD00:0::7", with: text))
        }
        #expect(refused?.text.contains("/network_interfaces/0/ip_addresses/1/ip_address") == true)
    }
}
