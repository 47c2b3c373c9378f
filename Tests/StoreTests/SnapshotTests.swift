import DuckDB
import Foundation
import Inventory
import Journal
import Logging
import Records
import Scheduling
import Store
import Tables
import TestSupport
import Testing

@Suite("Snapshots")
struct SnapshotTests {
    /// Resources that use every field, and values that are hard to keep.
    private static let documents: [(Kind, String)] = [
        (
            .computeNode,
            """
            {"hostname":"h_1.a-b","architecture":"quote\\" back\\\\slash ünï 🦆","xname":"x1000c0s0b0n0",
             "boot_mac":"02:00:00:00:00:01","boot_ipv4_address":"10.0.0.1","boot_ipv6_address":"fd00::1",
             "network_interfaces":[
               {"interface_name":"a","mac_address":"02:00:00:00:00:02","extended_data":{"n":1.00,"x":{"y":[1e400,null]}}},
               {"interface_name":"b","mac_address":"02:00:00:00:00:03","serial":"s","model":"m","manufacturer":"f",
                "firmware_version":"1","ipv4_address":"10.0.0.2","ipv6_address":"::1","description":"d"}],
             "bmc":{"username":"u","password":"p","mac_address":"02:00:00:00:00:04"},
             "description":"","location_string":"nul\\u0000 tab\\t \\u2028",
             "boot_data":{"id":"8f14e45f-ceea-467f-a0e6-bd2f4ad4b8a1","kernel_url":"http://a/k","kernel_command_line":"q",
                          "image_url":"s3://b/i"},
             "spec":{"hostname":"h","bmc_password":"s","network_interfaces":[],"boot_configuration":{}},
             "status":{"power_state":{"on":false,"last_updated":"0001-01-01T00:00:00Z"},
                       "boot_configuration":{"boot_data":{},"last_updated":"9999-12-31T23:59:59.999999Z"},
                       "network_interfaces":[{"interface_name":"a","mac_address":"02:00:00:00:00:02"}],
                       "extended_data":{"dup":{"":"","extended_data":{}},"deep":[[[[{}]]]],"text":"\\u0000\\u001f"}}}
            """
        ),
        (.computeNode, #"{"hostname":"plain","architecture":"x86_64"}"#),
        (.computeNode, #"{"hostname":"empty","architecture":"a","network_interfaces":[],"spec":{},"status":{}}"#),
        (
            .nodeCollection,
            #"{"name":"p","type":"partition","nodes":["x1000c0s0b0n0"],"cloud_init_data":{"z":"1","a":"","":"\u0000"}}"#
        ),
        (.nodeCollection, #"{"name":"é","type":"job","nodes":[],"cloud_init_data":{}}"#),
        (.component, #"{"ID":"x1000c0s0b0n0","Type":"Node","NID":9223372036854775807,"Enabled":false}"#),
        (.component, #"{"ID":"x1000","Type":"Cabinet","NID":-9223372036854775808}"#),
    ]

    private func filled() async throws -> StoreUnderTest {
        let inventory = try await StoreUnderTest()
        for (kind, text) in Self.documents { try await inventory.create(kind, text, author: "a\"b") }
        return inventory
    }

    private func snapshotFolders(of inventory: StoreUnderTest) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: inventory.folder.appending(path: "snapshots"),
            includingPropertiesForKeys: nil
        ).filter { $0.lastPathComponent.hasPrefix("snapshot=") }.sorted { $0.path < $1.path }
    }

    @Test("of many resources fill the tables behind the start, and memory does where a snapshot is gone by then")
    func filledBehind() async throws {
        let inventory = try await StoreUnderTest()
        let documents = (0..<17_000).map { #"{"ID":"x1000c0s0b\#($0)","Type":"Node","NID":\#($0)}"# }
        try await inventory.create(.component, all: documents)
        _ = try await inventory.store.takeSnapshot()
        for isGone in [false, true] {
            let reopened = try await inventory.reopened()
            if isGone {
                for folder in try snapshotFolders(of: reopened) {
                    try FileManager.default.removeItem(at: folder.appending(path: "Component.parquet"))
                }
            }
            // All of them wait to be merged when the tables are filled.
            try await reopened.replace(.component, "x1000c0s0b1", #"{"ID":"x1000c0s0b1","Type":"Node","NID":-1}"#)
            try await reopened.delete(.component, "x1000c0s0b2")
            try await reopened.create(.component, #"{"ID":"x1000c0s0b17000","Type":"Node","NID":17000}"#)
            let search = try Search(.component, parameters: [(name: "Type", value: "Node")])
            #expect(
                try await reopened.store.reader(for: Caller()).count(search).count == 17_000,
                "snapshot is gone: \(isGone)"
            )
            let found = try await reopened.store.reader(for: Caller()).search(search).resources
            #expect(
                Dictionary(uniqueKeysWithValues: found.map { (ResourceID(.component, $0.id), $0.stored) })
                    == reopened.contents
            )
        }
    }

    @Test("restore every byte, version and secret, and everything is found by its keys")
    func restored() async throws {
        let inventory = try await filled()
        let taken = try await inventory.store.takeSnapshot()
        #expect(taken.isNew)
        let reopened = try await inventory.reopened()
        #expect(reopened.contents == inventory.contents)
        for reference in ["x1000c0s0b0n0", "02-00-00-00-00-01", "02:00:00:00:00:03"] {
            #expect(reopened.resource(.computeNode, reference)?.id != nil)
            #expect(
                reopened.resource(.computeNode, reference)?.id
                    == inventory.resource(.computeNode, reference)?.id
            )
        }
        #expect(try reopened.get(.nodeCollection, "é") != nil)
        #expect(try reopened.get(.component, "x1000") != nil)
    }

    @Test("keep the rules after a restart: keys, memberships, BMCs that nodes have, sequence numbers")
    func rulesAfterRestart() async throws {
        let inventory = try await filled()
        _ = try await inventory.store.takeSnapshot()
        let reopened = try await inventory.reopened()
        let operations: [() async throws -> Void] = [
            {
                try await reopened.create(
                    .computeNode,
                    #"{"hostname":"x","architecture":"a","boot_mac":"02:00:00:00:00:03"}"#
                )
            },
            {
                try await reopened.create(
                    .nodeCollection,
                    #"{"name":"p2","type":"partition","nodes":["x1000c0s0b0n0"]}"#
                )
            },
            { try await reopened.delete(.bmc, "02:00:00:00:00:04") },
        ]
        for operation in operations {
            #expect(try await refusal(of: operation)?.reason == .conflict)
        }
        let newest = inventory.contents.values.map(\.version).max() ?? 0
        try await reopened.create(.component, #"{"ID":"x1001","Type":"Cabinet"}"#)
        #expect((reopened.resource(.component, "x1001")?.stored.version ?? 0) > newest)
    }

    @Test("are not taken again while nothing changes")
    func unchanged() async throws {
        let inventory = try await filled()
        let first = try await inventory.store.takeSnapshot()
        let second = try await inventory.store.takeSnapshot()
        #expect(!second.isNew)
        #expect(second.snapshot.id == first.snapshot.id)
        try await inventory.delete(.component, "x1000")
        #expect(try await inventory.store.takeSnapshot().isNew)
    }

    @Test("taken often do not make many small segments of the journal, which are closed when they are worth it")
    func segmentsOfManySnapshots() async throws {
        let inventory = try await StoreUnderTest { $0.minimumSegmentSize = 2000 }
        for number in 1000..<1020 {
            try await inventory.create(.component, #"{"ID":"x\#(number)","Type":"Cabinet"}"#)
            #expect(try await inventory.store.takeSnapshot().isNew)
        }
        let count = try segments(in: inventory.folder).count
        #expect(count > 1 && count < 6, "\(count)")
        #expect(try await inventory.reopened().contents == inventory.contents)
    }

    @Test("keep as many as they are told, the newest")
    func retention() async throws {
        let inventory = try await StoreUnderTest { $0.retention = Retention(count: 2) }
        var ids: [String] = []
        for cabinet in 1000..<1004 {
            try await inventory.create(.component, #"{"ID":"x\#(cabinet)","Type":"Cabinet"}"#)
            ids.append(try await inventory.store.takeSnapshot().snapshot.id)
        }
        #expect(try await inventory.store.snapshots().map(\.id) == ids.suffix(2).reversed())
        #expect(try snapshotFolders(of: inventory).count == 2)
    }

    @Test(
        "that are damaged are passed over for the one before and the journal behind it: nothing is lost",
        arguments: [
            "flipped", "cut", "missing", "no manifest", "no JSON", "no files", "impossible numbers", "other rows",
            "copied",
        ]
    )
    func damaged(how: String) async throws {
        let inventory = try await filled()
        _ = try await inventory.store.takeSnapshot()
        try await inventory.delete(.component, "x1000")
        let newest = try await inventory.store.takeSnapshot().snapshot
        let file = try newest.parquet(.computeNode)
        let manifest = newest.folder.appending(path: "manifest.json")
        var bytes = try Data(contentsOf: file)
        switch how {
        case "flipped":
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: file)
        case "cut": try bytes.dropLast().write(to: file)
        case "missing": try FileManager.default.removeItem(at: file)
        case "no manifest": try FileManager.default.removeItem(at: manifest)
        case "no JSON": try Data("{".utf8).write(to: manifest)
        case "copied":
            try FileManager.default.removeItem(at: manifest)
            try FileManager.default.copyItem(
                at: newest.folder,
                to: inventory.folder.appending(path: "snapshots/snapshot=keep")
            )
        default:
            let changes = [
                "no files": ("files", "more"),
                "impossible numbers": ("sequence\" : ", "sequence\" : 99999999999999999"),
                "other rows": ("rows\" : 3", "rows\" : 4"),
            ]
            let (old, new) = changes[how] ?? ("", "")
            let text = try String(contentsOf: manifest, encoding: .utf8)
            #expect(text.contains(old))
            try Data(text.replacing(old, with: new).utf8).write(to: manifest)
        }
        let reopened = try await inventory.reopened()
        #expect(reopened.contents == inventory.contents)
        // And the next one is taken as ever.
        try await reopened.create(.component, #"{"ID":"x2000","Type":"Cabinet"}"#)
        #expect(try await reopened.store.takeSnapshot().isNew)
    }

    @Test("of a format that this program does not know stop the start, because to go on would lose them")
    func unknownFormat() async throws {
        let inventory = try await filled()
        let newest = try await inventory.store.takeSnapshot().snapshot
        try Data(#"{"format":7,"program":"it 9"}"#.utf8).write(to: newest.folder.appending(path: "manifest.json"))
        let error = await #expect(throws: JournalError.self) { _ = try await inventory.reopened() }
        #expect(error?.description.contains("it 9") ?? false)
    }

    @Test("belong to one server at a time")
    func locked() async throws {
        let inventory = try await StoreUnderTest()
        await #expect(throws: FolderInUse.self) {
            _ = try await InventoryStore(
                StoreConfiguration(inventory.home.directory),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        }
    }

    @Test("that can all not be read are no loss while the journal goes back to the beginning, and else stop the start")
    func allDamaged() async throws {
        let inventory = try await filled()
        let snapshot = try await inventory.store.takeSnapshot().snapshot
        try Data().write(to: snapshot.parquet(.bmc))
        #expect(try await inventory.reopened().contents == inventory.contents)
        try FileManager.default.removeItem(at: inventory.folder.appending(path: "journal"))
        await #expect(throws: JournalError.self) { _ = try await inventory.reopened() }
    }

    @Test("that a crash left half written are removed at the start")
    func partial() async throws {
        let inventory = try await filled()
        _ = try await inventory.store.takeSnapshot()
        let partial = inventory.folder.appending(path: "snapshots/.partial-2026-01-01T00-00-00.000Z")
        try FileManager.default.createDirectory(at: partial, withIntermediateDirectories: true)
        try Data("x".utf8).write(to: partial.appending(path: "BMC.parquet"))
        let reopened = try await inventory.reopened()
        let left = try FileManager.default.contentsOfDirectory(
            atPath: reopened.folder.appending(path: "snapshots").path
        )
        #expect(left.count { $0.hasPrefix("snapshot=") } == 1)
        #expect(!left.contains(partial.lastPathComponent))
    }

    @Test("are not started over: --no-restore refuses where there are any")
    func noRestore() async throws {
        let inventory = try await filled()
        _ = try await inventory.store.takeSnapshot()
        await #expect(throws: InventoryFound.self) {
            _ = try await inventory.reopened { $0.loads = false }
        }
    }

    @Test("have typed, nested columns, and DuckDB's IMPORT DATABASE restores them")
    func readable() async throws {
        let inventory = try await filled()
        let folder = try await inventory.store.takeSnapshot().snapshot.folder
        let connection = try Database().connect()
        try connection.execute("IMPORT DATABASE \(folder.path.quotedLiteral)")
        let interfaces = try connection.query(
            "SELECT architecture, sum(len(network_interfaces)) FROM ComputeNode GROUP BY ALL ORDER BY ALL"
        ).rows()
        #expect(interfaces.map { $0[0] } == [.text("a"), .text("quote\" back\\slash ünï 🦆"), .text("x86_64")])
        let types = try connection.query(
            "SELECT column_type FROM (DESCRIBE ComputeNode) WHERE column_name IN ('id', 'boot_data')"
        ).rows()
        #expect(
            types == [
                [.text("VARCHAR")],
                [.text("STRUCT(id VARCHAR, kernel_url VARCHAR, kernel_command_line VARCHAR, image_url VARCHAR)")],
            ]
        )
        let time = try connection.query(
            "SELECT status.boot_configuration.last_updated FROM ComputeNode WHERE status.power_state IS NOT NULL"
        ).scalar()
        #expect(time == .timestampTZ(microseconds: 253_402_300_799_999_999))
        #expect(try connection.query("SELECT count(*) FROM Component").scalar() == .int(2))
    }

    @Test("share the files of all kinds that have not changed between them, also across a restart")
    func linked() async throws {
        let inventory = try await filled()
        let first = try await inventory.store.takeSnapshot().snapshot
        try await inventory.replace(
            .computeNode,
            "x1000c0s0b0n0",
            #"{"hostname":"other","architecture":"a","xname":"x1000c0s0b0n0"}"#
        )
        let second = try await inventory.store.takeSnapshot().snapshot
        func file(_ snapshot: Snapshot, _ kind: Kind) throws -> Int? {
            let attributes = try FileManager.default.attributesOfItem(atPath: snapshot.parquet(kind).path)
            return attributes[.systemFileNumber] as? Int
        }
        for kind in [Kind.bmc, .nodeCollection, .component] {
            #expect(try file(first, kind) == file(second, kind))
        }
        #expect(try file(first, .computeNode) != file(second, .computeNode))
        try second.verify()

        let reopened = try await inventory.reopened()
        try await reopened.create(.component, #"{"ID":"x1001","Type":"Cabinet"}"#)
        let third = try await reopened.store.takeSnapshot().snapshot
        let restored = try #require(try await reopened.store.snapshots().dropFirst().first)
        for kind in [Kind.computeNode, .bmc, .nodeCollection] {
            #expect(try file(restored, kind) == file(third, kind))
        }
    }

    @Test("restored and taken again have the same bytes")
    func deterministic() async throws {
        let inventory = try await filled()
        let first = try await inventory.store.takeSnapshot().snapshot
        let reopened = try await inventory.reopened()
        let original = try #require(try await reopened.store.snapshots().first)
        try FileManager.default.removeItem(at: original.folder)
        let second = try await reopened.store.takeSnapshot().snapshot
        #expect(second.folder != first.folder)
        for kind in Kind.allCases {
            #expect(try Data(contentsOf: first.parquet(kind)) == Data(contentsOf: second.parquet(kind)))
        }
    }

    @Test("do not hand on a file that has been damaged")
    func damagedIsNotLinked() async throws {
        let inventory = try await filled()
        let first = try await inventory.store.takeSnapshot().snapshot
        try Data().write(to: first.parquet(.component))
        try await inventory.replace(.computeNode, "x1000c0s0b0n0", #"{"hostname":"other","architecture":"a"}"#)
        try await inventory.store.takeSnapshot().snapshot.verify()
    }

    @Test("taken while others write hold exactly the transactions up to their sequence number")
    func concurrent() async throws {
        let inventory = try await StoreUnderTest()
        var snapshots: [Snapshot] = []
        for round in 0..<5 {
            async let written: Void = {
                for number in 0..<40 {
                    try await inventory.create(.component, #"{"ID":"x\#(1000 + round)c\#(number)","Type":"Chassis"}"#)
                }
            }()
            snapshots.append(try await inventory.store.takeSnapshot().snapshot)
            try await written
        }
        snapshots.append(try await inventory.store.takeSnapshot().snapshot)
        #expect(snapshots.last?.manifest.sequence == 200)
        for snapshot in snapshots {
            #expect(UInt64(snapshot.manifest.rows(of: .component)) == snapshot.manifest.sequence)
        }
    }

    @Test("have ids that are times")
    func ids() throws {
        let date = try #require(SnapshotID.date(of: "2026-11-23T18-20-00.125Z"))
        #expect(date.timeIntervalSince1970 == 1_795_458_000.125)
        #expect(SnapshotID.date(of: "../../etc/passwd") == nil)
    }
}
