import Foundation
import Inventory
import Records
import Scheduling
import Schema
import TestSupport
import Testing

@testable import Store

@Suite("Values of indexed fields")
struct IndexTests {
    private static let fields = [
        "hostname", "boot_ipv4_address", "boot_ipv6_address", "network_interfaces.ipv4_address",
        "network_interfaces.ipv6_address", "ip", "bmc.ipv4_address", "bmc.mac_address", "bmc.xname", "mac",
        "network_interfaces.mac_address", "boot_mac", "xname",
    ]

    @Test("find what a look at every document finds, while resources come, change and go, and while the index is made")
    func sameAsLooking() throws {
        var generator = SeededGenerator()
        let writer = DirectoryWriter()
        var stored: [ResourceID: Document] = [:]
        var answers = 0
        for round in 0..<600 {
            var changes: [Change] = []
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let known = stored.keys.filter { $0.kind == .computeNode }.sorted { $0.id < $1.id }
                let isNew = known.isEmpty || Int.random(in: 0..<5, using: &generator) < 2
                let id = isNew ? ResourceID(.computeNode, .version7()) : known.randomElement(using: &generator)!
                guard !changes.contains(where: { $0.resource == id }) else { continue }
                let isDeleted = !isNew && Int.random(in: 0..<4, using: &generator) == 0
                let document = isDeleted ? nil : Self.node(id.id, round, using: &generator)
                changes.append(
                    Change(
                        resource: id,
                        stored: document.map { StoredResource(document: $0.bytes, version: UInt64(round)) },
                        indexBefore: stored[id].map { IndexEntry(of: $0) },
                        index: document.map { IndexEntry(of: $0) }
                    )
                )
                stored[id] = document
            }
            writer.apply(changes, through: .beginning)
            guard round > 150 else { continue }
            for path in ["hostname", "boot_ipv4_address", "network_interfaces.ipv4_address"] {
                let value = Self.value(of: path, using: &generator)
                let search = try Search(.computeNode, parameters: [(path, value)])
                // Nil while the index is made.
                guard let found = writer.directory.resources(matching: search)?.resources else { continue }
                answers += 1
                let field = try #require(SearchField(.computeNode, path: path))
                let expected = stored.filter { field.values(in: $0.value.json).contains(value) }.keys.map(\.id).sorted()
                #expect(found.map(\.id) == expected, "\(generator) \(path)=\(value)")
            }
        }
        #expect(answers > 100)
    }

    private static func node(_ id: UUID, _ round: Int, using generator: inout SeededGenerator) -> Document {
        func address() -> String { value(of: "boot_ipv4_address", using: &generator) }
        let interfaces = (0..<Int.random(in: 0...2, using: &generator)).map {
            #"{"interface_name":"e\#($0)","mac_address":"ff:ff:ff:ff:ff:ff","ipv4_address":"\#(address())"}"#
        }
        let text = """
            {"id":"\(id.lowercased)","hostname":"\(value(of: "hostname", using: &generator))","architecture":"a",\
            "boot_ipv4_address":"\(address())","network_interfaces":[\(interfaces.joined(separator: ","))],\
            "description":"\(round)"}
            """
        return Document(stored: Array(text.utf8), .computeNode)
    }

    private static func value(of path: String, using generator: inout SeededGenerator) -> String {
        let number = Int.random(in: 0..<20, using: &generator)
        return path == "hostname" ? "nid\(number * number / 20)" : "10.0.0.\(number)"
    }

    @Test("take as long with a value that all share as with others", .timeLimit(.minutes(5)))
    func shared() throws {
        var index = ValueIndex()
        for place in 0..<1_000_000 as Range<UInt32> { index.add(place, 7) }
        #expect(index.places(7) == nil)
        for place in (0..<999_990 as Range<UInt32>) { index.remove(place, 7) }
        #expect(index.places(7)?.sorted() == Array(999_990..<1_000_000))
        for place in (999_990..<1_000_000 as Range<UInt32>) { index.remove(place, 7) }
        #expect(index.places(7) == [])
    }

    @Test("are those of the fields that services look nodes up by")
    func paths() {
        #expect(
            Kind.computeNode.indexedPaths.filter { !$0.hasPrefix("spec.") && !$0.hasPrefix("status.") }.sorted() == [
                "boot_ipv4_address", "boot_ipv6_address", "hostname", "network_interfaces.ip_addresses.ip_address",
                "network_interfaces.ipv4_address",
                "network_interfaces.ipv6_address", "nid",
            ]
        )
        #expect(Kind.bmc.indexedPaths == ["ipv4_address", "ipv6_address"])
        #expect(Kind.component.indexedPaths == ["NID"])
    }

    @Test("are found in memory, those of a node's BMC and of its interfaces, too", arguments: fields)
    func found(path: String) async throws {
        let inventory = try await StoreUnderTest()
        let node = try await inventory.create(
            .computeNode,
            """
            {"hostname":"n","architecture":"a","xname":"x1000c0s0b0n0","boot_mac":"02:00:00:00:00:01",
             "boot_ipv4_address":"10.0.0.1","boot_ipv6_address":"fd00::1",
             "network_interfaces":[{"interface_name":"e","mac_address":"02:00:00:00:00:02","ipv4_address":"10.0.0.2",
               "ipv6_address":"fd00::2"}],
             "bmc":{"mac_address":"02:00:00:00:00:03","username":"u","password":"p","ipv4_address":"10.0.0.3"}}
            """
        )
        try await inventory.create(.computeNode, #"{"hostname":"other","architecture":"a"}"#)
        let values =
            switch path {
            case "ip": ["10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2"]
            case "mac": ["02:00:00:00:00:01", "02:00:00:00:00:02"]
            default: try #require(SearchField(.computeNode, path: path)).values(in: node)
            }
        #expect(!values.isEmpty)
        for value in values {
            let search = try Search(.computeNode, parameters: [(path, value)])
            var found = inventory.store.directory.resources(matching: search)?.resources
            while found == nil {
                await Task.yield()
                found = inventory.store.directory.resources(matching: search)?.resources
            }
            #expect(found?.map(\.id.lowercased) == [node.text("/id") ?? ""])
        }
    }

    @Test("finds what one transaction left, whatever is written meanwhile")
    func whole() async throws {
        let writer = DirectoryWriter()
        let directory = writer.directory
        let id = UUID.version7()
        @Sendable func document(_ name: String) -> Document {
            Document(
                stored: Array(#"{"id":"\#(id.lowercased)","hostname":"\#(name)","architecture":"a"}"#.utf8),
                .computeNode
            )
        }
        @Sendable func write(_ name: String, isNew: Bool = false) {
            let change = Change(
                resource: ResourceID(.computeNode, id),
                stored: StoredResource(document: document(name).bytes, version: 1),
                indexBefore: isNew ? nil : IndexEntry(),
                index: IndexEntry()
            )
            writer.apply([change], through: .beginning)
        }
        write("a", isNew: true)
        let others = (0..<900).map { "none\($0)" }.joined(separator: ",")
        let search = try Search(.computeNode, parameters: [("hostname", "a,\(others),b")])
        while directory.resources(matching: search) == nil { await Task.yield() }
        let isOver = Shared(false)
        let renaming = Thread {
            while !isOver.value { for name in ["b", "a"] { write(name) } }
        }
        renaming.start()
        defer { isOver.change { $0 = true } }
        for _ in 0..<300 { #expect(directory.resources(matching: search)?.resources.count == 1) }
    }

    @Test("an address that identifies nothing is found by search all the same")
    func identifiesNothing() async throws {
        let inventory = try await StoreUnderTest()
        for name in ["a", "b"] {
            try await inventory.create(
                .computeNode,
                #"{"hostname":"\#(name)","architecture":"a","boot_mac":"00:00:00:00:00:00"}"#
            )
        }
        for name in ["mac", "boot_mac"] {
            let search = try Search(.computeNode, parameters: [(name, "00:00:00:00:00:00")])
            #expect(try await inventory.store.reader(for: Caller()).search(search).resources.count == 2)
        }
    }
}
