import DuckDB
import Foundation
import Inventory
import Journal
import Records
import Schema
import Store
import Tables
import TestSupport
import Testing

/// Snapshots whose Parquet files are written anew, as a program with other fields would have written them.
@Suite("Snapshots of another field set")
struct SnapshotSelectionTests {
    private static let documents: [(Kind, String)] = [
        (
            .computeNode,
            """
            {"hostname":"full","architecture":"a","xname":"x1000c0s0b0n0","boot_mac":"02:00:00:00:00:01",
             "network_interfaces":[
               {"interface_name":"a","mac_address":"02:00:00:00:00:02","serial":"s","extended_data":{"n":1.00,"x":[1e400]}},
               {"interface_name":"b","mac_address":"02:00:00:00:00:03","description":"d"}],
             "bmc":{"username":"u","password":"p","mac_address":"02:00:00:00:00:04","location_string":"l"},
             "description":"d","boot_data":{"kernel_command_line":"q"},"spec":{"hostname":"h","network_interfaces":[]},
             "status":{"power_state":{"on":true,"last_updated":"2026-11-24T00:00:00Z"},
                       "boot_configuration":{"boot_data":{"image_url":"s3://b/i"}},"extended_data":{"deep":[{"":1.0}]}}}
            """
        ),
        (.computeNode, #"{"hostname":"plain","architecture":"a","description":""}"#),
        (
            .computeNode,
            #"{"hostname":"empty","architecture":"a","network_interfaces":[],"boot_data":{},"spec":{},"status":{}}"#
        ),
        (
            .nodeCollection,
            #"{"name":"p","type":"partition","nodes":["x1000c0s0b0n0"],"cloud_init_data":{"z":"1","a":""}}"#
        ),
        (.component, #"{"ID":"x1000c0s0b0n0","Type":"Node","NID":7,"Enabled":false}"#),
        (.component, #"{"ID":"x1000","Type":"Cabinet"}"#),
    ]

    private func filled() async throws -> StoreUnderTest {
        // With no journal before the snapshot, which would make up for one that cannot be used.
        let inventory = try await StoreUnderTest { $0.retention = Retention(count: 1) }
        for (kind, text) in Self.documents { try await inventory.create(kind, text) }
        return inventory
    }

    /// Replaces the columns of a snapshot's file, and what the manifest says of the file.
    private func rewrite(_ kind: Kind, of snapshot: Snapshot, selecting columns: String) throws {
        let file = try snapshot.parquet(kind)
        let source = "read_parquet(\(file.path.quotedLiteral), hive_partitioning = false)"
        let rewritten = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).parquet")
        let connection = try Database().connect()
        try connection.execute(
            "COPY (SELECT \(columns) FROM \(source)) TO \(rewritten.path.quotedLiteral) (FORMAT parquet)"
        )
        try FileManager.default.removeItem(at: file)
        try FileManager.default.moveItem(at: rewritten, to: file)

        let description = "SELECT size, sha256(content) FROM read_blob(\(file.path.quotedLiteral))"
        guard case .int(let size)? = try connection.query(description).rows().first?[0],
            case .text(let hash)? = try connection.query(description).rows().first?[1]
        else {
            Issue.record("\(file.path) cannot be described")
            return
        }
        try snapshot.editManifest { manifest in
            let entry = "/files/\(Snapshot.fileName(of: kind))"
            manifest[try #require(JSONPointer("\(entry)/size"))] = .number(JSONNumber(Int(size)))
            manifest[try #require(JSONPointer("\(entry)/sha256"))] = .string(hash)
        }
    }

    /// What a start makes of the newest snapshot.
    private func restored(_ inventory: StoreUnderTest) async throws -> StoreUnderTest {
        #expect(inventory.store.journal.oldest > 1)
        return try await inventory.reopened { $0.dropsUnknownFields = true }
    }

    private func selection(_ kind: Kind, of snapshot: Snapshot) throws -> SnapshotSelection {
        try #require(try SnapshotSelection(of: kind, in: snapshot, on: Database().connect()))
    }

    @Test("written by this program are read as they are")
    func same() async throws {
        let inventory = try await filled()
        let snapshot = try await inventory.store.takeSnapshot().snapshot
        for kind in Kind.allCases {
            let selection = try selection(kind, of: snapshot)
            #expect(selection.unknownFields == [])
            #expect(selection.sqlWithoutSecrets.hasPrefix(#"SELECT ""#))
            let secrets = #"CAST(MAP {} AS MAP(VARCHAR, VARCHAR)) AS "_secrets""#
            let columns = selection.sqlWithoutSecrets.replacing(secrets, with: "")
            #expect(columns != selection.sqlWithoutSecrets)
            for rebuilt in ["CAST", "CASE", "AS", "struct_pack", "list_transform"] {
                #expect(!columns.contains("\(rebuilt) ") && !columns.contains("\(rebuilt)("))
            }
        }
    }

    @Test("newer than the program's restore without what it does not know, and say what that is")
    func newer() async throws {
        let inventory = try await filled()
        let snapshot = try await inventory.store.takeSnapshot().snapshot
        try rewrite(
            .computeNode,
            of: snapshot,
            selecting: #"""
                'x' AS "a'b""c", * REPLACE (
                    CASE WHEN bmc IS NOT NULL THEN struct_insert(bmc, colour := 'red') END AS bmc,
                    list_transform(network_interfaces, lambda interface: struct_insert(
                        interface, speed := 100, "li""nk's" := {'up': true}
                    )) AS network_interfaces,
                    CASE WHEN status IS NOT NULL THEN struct_pack(
                        seen := [{'by': 'x'}],
                        power_state := status.power_state,
                        boot_configuration := CASE WHEN status.boot_configuration IS NOT NULL THEN struct_insert(
                            status.boot_configuration, tries := 3
                        ) END,
                        network_interfaces := status.network_interfaces,
                        extended_data := status.extended_data
                    ) END AS status
                ), {'n': 1} AS colour
                """#
        )
        let selection = try selection(.computeNode, of: snapshot)
        #expect(
            selection.unknownFields == [
                #"a'b"c"#, "bmc.colour", "colour", #"network_interfaces.li"nk's"#, "network_interfaces.speed",
                "status.boot_configuration.tries", "status.seen",
            ]
        )
        let error = await #expect(throws: JournalError.self) { _ = try await inventory.reopened() }
        #expect(error?.description.contains("ComputeNode.bmc.colour") ?? false)
        #expect(error?.description.contains("does not know") ?? false)
        let reopened = try await restored(inventory)
        #expect(reopened.contents == inventory.contents)
        // And everything goes on.
        try await reopened.create(.computeNode, #"{"hostname":"more","architecture":"a"}"#)
        _ = try await reopened.store.takeSnapshot()
        let again = try await restored(reopened)
        #expect(again.contents == reopened.contents)
    }

    @Test("older than the program's restore, and the fields that they lack are absent")
    func older() async throws {
        let inventory = try await filled()
        let snapshot = try await inventory.store.takeSnapshot().snapshot
        try rewrite(
            .computeNode,
            of: snapshot,
            selecting: """
                * EXCLUDE (description, spec) REPLACE (
                    CASE WHEN bmc IS NOT NULL THEN struct_pack(
                        id := bmc.id, xname := bmc.xname, username := bmc.username, password := bmc.password,
                        mac_address := bmc.mac_address
                    ) END AS bmc,
                    list_transform(network_interfaces, lambda interface: struct_pack(
                        interface_name := interface.interface_name, mac_address := interface.mac_address,
                        extended_data := interface.extended_data
                    )) AS network_interfaces
                )
                """
        )
        #expect(try selection(.computeNode, of: snapshot).unknownFields == [])
        var expected = inventory.contents
        for (resource, stored) in inventory.contents where resource.kind == .computeNode {
            expected[resource]?.document = try withoutNewFields(parsed(stored.document)).bytes
        }
        #expect(expected != inventory.contents)
        #expect(try await restored(inventory).contents == expected)
    }

    /// What is left of a node's document where the fields that ``older()`` drops are not known.
    private func withoutNewFields(_ node: JSONValue) throws -> JSONValue {
        var node = node
        for field in ["/description", "/spec", "/bmc/location_string"] {
            node[try #require(JSONPointer(field))] = nil
        }
        let interfaces = try #require(JSONPointer("/network_interfaces"))
        if case .array(var elements)? = node[interfaces] {
            for index in elements.indices {
                elements[index][try #require(JSONPointer("/serial"))] = nil
                elements[index][try #require(JSONPointer("/description"))] = nil
            }
            node[interfaces] = .array(elements)
        }
        return node
    }

    @Test("with columns and fields in another order, or of other types, restore every byte")
    func otherTypes() async throws {
        let inventory = try await filled()
        let snapshot = try await inventory.store.takeSnapshot().snapshot
        try rewrite(
            .component,
            of: snapshot,
            selecting:
                #"_version::INTEGER AS _version, "Enabled"::VARCHAR AS "Enabled", * EXCLUDE (_version, "Enabled") REPLACE ("NID"::TINYINT AS "NID")"#
        )
        try rewrite(
            .computeNode,
            of: snapshot,
            selecting: """
                * REPLACE (
                    id::UUID AS id,
                    CASE WHEN boot_data IS NOT NULL THEN struct_pack(
                        image_url := boot_data.image_url, kernel_command_line := boot_data.kernel_command_line,
                        kernel_url := boot_data.kernel_url, id := boot_data.id::UUID
                    ) END AS boot_data,
                    list_transform(network_interfaces, lambda interface: struct_update(
                        interface, extended_data := interface.extended_data::JSON
                    )) AS network_interfaces
                )
                """
        )
        try rewrite(
            .nodeCollection,
            of: snapshot,
            selecting: "* REPLACE (list_transform(nodes, lambda node: node::BLOB) AS nodes)"
        )
        let reopened = try await restored(inventory)
        #expect(reopened.contents == inventory.contents)
    }

    @Test("without versions restore with none")
    func withoutOwnColumns() async throws {
        let inventory = try await filled()
        let snapshot = try await inventory.store.takeSnapshot().snapshot
        try rewrite(.component, of: snapshot, selecting: "* EXCLUDE (_version)")
        var expected = inventory.contents
        for resource in expected.keys where resource.kind == .component {
            expected[resource]?.version = 0
        }
        #expect(try await restored(inventory).contents == expected)
    }

    @Test("whose objects have nothing in common with the program's restore them as empty ones")
    func nothingInCommon() async throws {
        let inventory = try await filled()
        let snapshot = try await inventory.store.takeSnapshot().snapshot
        try rewrite(
            .computeNode,
            of: snapshot,
            selecting: """
                * REPLACE (CASE WHEN boot_data IS NOT NULL THEN struct_pack(kernel := boot_data.kernel_url) END AS boot_data)
                """
        )
        #expect(try selection(.computeNode, of: snapshot).unknownFields == ["boot_data.kernel"])
        let reopened = try await restored(inventory)
        for (resource, stored) in inventory.contents where resource.kind == .computeNode {
            let field = try #require(JSONPointer("/boot_data"))
            var expected = try parsed(stored.document)
            if expected[field] != nil { expected[field] = [:] }
            #expect(reopened.contents[resource]?.document == expected.bytes)
        }
    }

    @Test("give the columns of today, and keep apart lists that are absent, empty, or have absent elements")
    func absentElements() async throws {
        let inventory = try await filled()
        let snapshot = try await inventory.store.takeSnapshot().snapshot
        let connection = try Database().connect()
        let today = try connection.query(selection(.computeNode, of: snapshot).sql).columns
        try rewrite(
            .computeNode,
            of: snapshot,
            selecting: """
                id, hostname, CASE hostname
                    WHEN 'full' THEN [NULL, {'serial': 's', 'colour': 'red'}, {'serial': NULL, 'colour': 'blue'}]
                    WHEN 'empty' THEN []
                END AS network_interfaces
                """
        )
        let selection = try selection(.computeNode, of: snapshot)
        #expect(try connection.query(selection.sql).columns == today)
        let rows = try connection.query(
            """
            SELECT hostname, list_transform(network_interfaces, lambda interface: interface IS NULL)::VARCHAR,
                list_transform(network_interfaces, lambda interface: interface.serial)::VARCHAR
            FROM (\(selection.sql)) ORDER BY hostname
            """
        ).rows()
        #expect(
            rows == [
                [.text("empty"), .text("[]"), .text("[]")],
                [.text("full"), .text("[true, false, false]"), .text("[NULL, s, NULL]")],
                [.text("plain"), .null, .null],
            ]
        )
    }

    @Test("whose rows have no identifier are damaged")
    func withoutIdentifier() async throws {
        let inventory = try await filled()
        let snapshot = try await inventory.store.takeSnapshot().snapshot
        try rewrite(.bmc, of: snapshot, selecting: "* EXCLUDE (id)")
        #expect(throws: SnapshotError.damaged("BMC.parquet has no column id")) {
            try selection(.bmc, of: snapshot)
        }
    }
}
