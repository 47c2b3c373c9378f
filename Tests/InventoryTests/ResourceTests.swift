import Foundation
import Inventory
import Schema
import TestSupport
import Testing

@Suite("Resources")
struct ResourceTests {
    private func json(_ text: String) throws -> JSONValue {
        try JSONValue(parsing: Array(text.utf8))
    }

    @Test("come back in declared order and normal spelling, free-form objects as they were sent")
    func document() throws {
        let node = try ComputeNode(
            json: json(
                """
                {"status":{"extended_data":{"z":1.00,"a":[12345678901234567890,1e400]},
                           "power_state":{"last_updated":"2026-11-23T18:20:00+01:00","on":true}},
                 "architecture":"arm64","boot_mac":"02-00-5E-10-00-01","xname":"x01000c01s0b0n0","hostname":"ü/\\u00fc"}
                """
            )
        )
        let expected =
            #"{"hostname":"ü/ü","xname":"x1000c1s0b0n0","architecture":"arm64","boot_mac":"02:00:5e:10:00:01","#
            + #""status":{"power_state":{"on":true,"last_updated":"2026-11-23T17:20:00Z"},"#
            + #""extended_data":{"z":1.00,"a":[12345678901234567890,1e400]}}}"#
        #expect(String(decoding: node.document, as: UTF8.self) == expected)
        #expect(ComputeNode(stored: node.document) == node)
    }

    @Test("keep the numbers that indices on disk have for their kinds, to which others are only added")
    func numbers() {
        let numbers = Dictionary(uniqueKeysWithValues: Kind.allCases.map { ($0.name, $0.number) })
        #expect(numbers.filter { $0.value < 4 } == ["ComputeNode": 0, "BMC": 1, "NodeCollection": 2, "Component": 3])
        #expect(numbers.values.sorted() == Array(0..<Kind.allCases.count))
        for kind in Kind.allCases { #expect(Kind(number: kind.number) == kind) }
        #expect(Kind(number: numbers.count) == nil)
    }

    @Test("are named as clients of the Go service name them, too")
    func otherNames() {
        #expect(Kind(clientName: "bmc") == .bmc)
        #expect(Kind(clientName: "BMC") == .bmc)
        #expect(Kind.allCases.allSatisfy { Kind(clientName: $0.name) == $0 })
    }

    @Test("tell empty from absent")
    func emptyAndAbsent() throws {
        let text =
            #"{"hostname":"","architecture":"a","network_interfaces":[],"spec":{},"status":{"extended_data":{}}}"#
        #expect(String(decoding: try ComputeNode(json: json(text)).document, as: UTF8.self) == text)
    }

    @Test("have the unique keys that are declared, each once")
    func uniqueKeys() {
        let node = Document(
            stored: Array(
                """
                {"hostname":"n","architecture":"a","xname":"x1000c0s0b0n0","boot_mac":"02:00:00:00:00:01",
                 "network_interfaces":[{"interface_name":"a","mac_address":"02:00:00:00:00:01"},
                                       {"interface_name":"b","mac_address":"02:00:00:00:00:02"}],
                 "spec":{"boot_mac":"02:00:00:00:00:03"}}
                """.utf8
            ),
            .computeNode
        )
        #expect(
            node.keys == [
                UniqueKey(name: "xname", value: "x1000c0s0b0n0"), UniqueKey(name: "mac", value: "02:00:00:00:00:01"),
                UniqueKey(name: "mac", value: "02:00:00:00:00:02"),
            ]
        )
    }

    @Test("of exclusive collections reserve their members", arguments: ["partition", "tenant", "job", "ad-hoc"])
    func reservedKeys(type: String) {
        let text = #"{"name":"c","type":"\#(type)","nodes":["x1000c0s0b0n0","x1000c0s0b0n0"]}"#
        let keys = Document(stored: Array(text.utf8), .nodeCollection).keys
        let reserved = [UniqueKey(name: type, value: "x1000c0s0b0n0")]
        let isExclusive = ["partition", "tenant"].contains(type)
        #expect(keys == (isExclusive ? reserved : []) + [UniqueKey(name: "name", value: "c")])
    }

    @Test(
        "are referred to by id and by unique keys in any spelling",
        arguments: [
            (Kind.computeNode, "x01000c0s0b0n0", ["xname x1000c0s0b0n0"]),
            (.computeNode, "02-00-5E-10-00-01", ["mac 02:00:5e:10:00:01"]),
            (.computeNode, "node1", []),
            (.bmc, "x1000c0s0b0", ["xname x1000c0s0b0"]),
            (.nodeCollection, "Partition 1", ["name Partition 1"]),
            (.component, "X1000C0", ["ID x1000c0"]),
        ]
    )
    func reference(kind: Kind, text: String, keys: [String]) {
        let reference = kind.reference(text)
        #expect(reference.id == nil)
        #expect(reference.keys.map { "\($0.name) \($0.value)" } == keys)
    }

    @Test("are referred to by id in any case")
    func referenceByID() throws {
        let id = try UUID("8f14e45f-ceea-467f-a0e6-bd2f4ad4b8a1")
        #expect(Kind.component.reference("8F14E45F-CEEA-467F-A0E6-BD2F4AD4B8A1").id == id)
    }

    @Test("have every HMS key of a component")
    func componentKeys() throws {
        let text =
            #"{"UID":"8f14e45f-ceea-467f-a0e6-bd2f4ad4b8a1","ID":"x3000c0s1b0n0","Type":"Node","Subtype":"s","#
            + #""Role":"Compute","SubRole":"Worker","NetType":"Sling","Arch":"X86","Class":"River","State":"Ready","#
            + #""Flag":"OK","Enabled":true,"SoftwareStatus":"DvsAvailable","NID":1,"ReservationDisabled":false,"#
            + #""Locked":false}"#
        #expect(String(decoding: try Component(json: json(text)).document, as: UTF8.self) == text)
    }
}
