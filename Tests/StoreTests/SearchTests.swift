import Foundation
import Inventory
import Records
import Scheduling
import Store
import TestSupport
import Testing

@Suite("Search")
struct SearchTests {
    private func found(_ inventory: StoreUnderTest, _ kind: Kind, _ parameters: [(String, String)]) async throws
        -> [String]
    {
        let search = try Search(kind, parameters: parameters.map { (name: $0.0, value: $0.1) })
        return try await inventory.store.reader(for: Caller()).search(search).resources.map(\.stored).map { stored in
            let document = try parsed(stored.document)
            return document.text("/hostname") ?? document.text("/name") ?? ""
        }
    }

    @Test("is made of conditions whose values are taken as they are")
    func typed() async throws {
        let inventory = try await filled()
        try await inventory.create(.computeNode, #"{"hostname":"d","architecture":"[*],null"}"#)
        func found(_ conditions: Search.Condition...) async throws -> [String] {
            let search = try Search(.computeNode, where: conditions)
            return try await inventory.store.reader(for: Caller()).search(search).resources.map { _, stored in
                try parsed(stored.document).text("/hostname") ?? ""
            }.sorted()
        }
        #expect(try await found(.init("architecture", anyOf: ["[*],null", "x86_64"])) == ["a", "d"])
        #expect(try await found(.init("xname", anyOf: ["x01000c0s00b0n0"], orAbsent: true)) == ["a", "b", "d"])
        #expect(try await found(.init("arch", .unequal, anyOf: ["arm64"]), .init("collection", anyOf: ["p"])) == ["a"])
        #expect(try await found(.init("hostname", .greater, anyOf: ["b"])) == ["c", "d"])
        for condition in [Search.Condition("colour", anyOf: ["red"]), .init("boot_mac", anyOf: ["02"])] {
            let refused = try await refusal { _ = try Search(.computeNode, where: [condition]) }
            #expect(refused?.reason == .invalid && refused?.text.contains(condition.path) == true)
        }
    }

    private func filled() async throws -> StoreUnderTest {
        let inventory = try await StoreUnderTest()
        for text in [
            #"{"hostname":"a","architecture":"x86_64","xname":"x1000c0s0b0n0","boot_mac":"02:00:00:00:00:01"}"#,
            """
            {"hostname":"b","architecture":"arm64","boot_ipv4_address":"10.0.0.1",
             "bmc":{"username":"u","password":"p","mac_address":"02:00:00:00:00:09"}}
            """,
            #"{"hostname":"c","architecture":"arm64","xname":"x1000c0s1b0n0","boot_ipv6_address":"fd00::1"}"#,
        ] {
            try await inventory.create(.computeNode, text)
        }
        try await inventory.create(.nodeCollection, #"{"name":"p","type":"partition","nodes":["x1000c0s0b0n0"]}"#)
        try await inventory.create(
            .nodeCollection,
            #"{"name":"j","type":"job","nodes":["x1000c0s0b0n0","x1000c0s1b0n0"]}"#
        )
        return inventory
    }

    @Test("finds nodes by each of the Go service's parameters, in any spelling, and by several at once")
    func nodes() async throws {
        let inventory = try await filled()
        let expected: [([(String, String)], [String])] = [
            ([], ["a", "b", "c"]),
            ([("xname", "x01000c0s0b0n0")], ["a"]),
            ([("hostname", "b")], ["b"]),
            ([("arch", "arm64")], ["b", "c"]),
            ([("architecture", "arm64"), ("missingXName", "true")], ["b"]),
            ([("boot_mac", "02-00-00-00-00-01")], ["a"]),
            ([("bmc_mac", "02:00:00:00:00:09")], ["b"]),
            ([("missingXName", "true")], ["b"]),
            ([("missingXName", "false")], ["a", "b", "c"]),
            ([("missingHostname", "true")], []),
            ([("missingArch", "true")], []),
            ([("missingBootMAC", "true")], ["b", "c"]),
            ([("missingBMCMAC", "true")], ["a", "c"]),
            ([("missingIPV4", "true")], ["a", "c"]),
            ([("missingIPV6", "true")], ["a", "b"]),
            ([("hostname", "' OR 1=1 --")], []),
        ]
        for (parameters, hostnames) in expected {
            #expect(try await found(inventory, .computeNode, parameters).sorted() == hostnames, "\(parameters)")
        }
    }

    @Test("compares and sorts locations by their numbers, however large these are")
    func locations() async throws {
        let inventory = try await StoreUnderTest()
        let longest = "x" + String(repeating: "9", count: 62)
        let ids = [
            "x001", "x9c1", "x1000", "x1000c0", "x1000c0s0b0n0p1500", "x1000c0s0b0n0p2000", "x1000c1", "x140000",
            "x150000",
            longest,
        ]
        for id in ids.shuffled() { try await inventory.create(.component, #"{"ID":"\#(id)","Type":"Cabinet"}"#) }
        func locations(_ parameters: (String, String)...) async throws -> [String] {
            var search = try Search(.component, parameters: parameters)
            search.order = try SearchOrder(.component, "ID")
            return try await inventory.store.reader(for: Caller()).search(search).resources.map {
                try parsed($0.stored.document).text("/ID") ?? ""
            }
        }
        let all = try await locations().map { $0 == "x009c1" ? "x9c1" : $0 }
        #expect(all == ids)
        #expect(try await locations(("ID[gt]", "x140000")) == ["x150000", longest])
        #expect(try await locations(("ID[lt]", "x9")) == ["x001"])
        #expect(try await locations(("ID[ge]", longest)) == [longest])
    }

    @Test("does not come to more than 8 MiB of names")
    func names() throws {
        let name = String(repeating: "a", count: 2000)
        _ = try Search(.computeNode, parameters: [("hostname", "n[0-200000]")])
        _ = try Search(.computeNode, parameters: [("description", "\(name)[0-4000]")])
        for text in ["\(name)[0-5000]", "\(name)[0-4000],\(name)[0-4000]", "\(name)[000000000-000250000]"] {
            #expect(throws: Refusal.self) { try Search(.computeNode, parameters: [("description", text)]) }
        }
    }

    @Test("finds collections by name, type and member")
    func collections() async throws {
        let inventory = try await filled()
        let bogus = try await refusal { _ = try await found(inventory, .nodeCollection, [("type", "bogus")]) }
        #expect(bogus?.reason == .invalid)
        #expect(try await found(inventory, .nodeCollection, [("name", "p")]) == ["p"])
        #expect(try await found(inventory, .nodeCollection, [("type", "job")]) == ["j"])
        #expect(try await found(inventory, .nodeCollection, [("node", "x1000c0s0b0n0")]).sorted() == ["j", "p"])
        #expect(try await found(inventory, .nodeCollection, [("node", "x1000c0s9b0n0")]).isEmpty)
    }

    @Test("sees every change that was answered before it")
    func fresh() async throws {
        let inventory = try await filled()
        for round in 0..<20 {
            try await inventory.replace(
                .computeNode,
                "x1000c0s0b0n0",
                #"{"hostname":"r\#(round)","architecture":"z","xname":"x1000c0s0b0n0"}"#
            )
            #expect(try await found(inventory, .computeNode, [("arch", "z")]) == ["r\(round)"])
        }
        try await inventory.delete(.computeNode, "x1000c0s0b0n0")
        #expect(try await found(inventory, .computeNode, [("arch", "z")]).isEmpty)
    }

    @Test(
        "refuses unknown parameters and malformed values, and names them",
        arguments: [("nope", "1"), ("xname", "x1"), ("boot_mac", "zz"), ("missingXName", "yes")]
    )
    func refused(name: String, value: String) async throws {
        let refused = try await refusal { _ = try Search(.computeNode, parameters: [(name, value)]) }
        #expect(refused?.reason == .invalid)
        #expect(refused?.text.contains(name) == true)
    }
}
