import Completeness
import Foundation
import Inventory
import Journal
import Records
import Scheduling
import Schema
import Store
import Tables
import TestSupport
import Testing

/// Files of a version to come, which no version before may take for damaged, or lose.
@Suite("What another version has written")
struct OtherVersionTests {
    private static func filled() async throws -> StoreUnderTest {
        let inventory = try await StoreUnderTest { $0.retention = Retention(count: 1) }
        for cabinet in 1000..<1003 {
            try await inventory.create(.component, #"{"ID":"x\#(cabinet)","Type":"Cabinet"}"#)
        }
        return inventory
    }

    /// What a data folder has that this version does not know.
    struct Future: Sendable, CustomTestStringConvertible {
        var what: String
        /// What the refusal says of it.
        var says: [String]
        var body: @Sendable (TestFolder) throws -> Void

        var testDescription: String { what }
    }

    private static func editJournal(_ home: TestFolder, _ old: String, _ new: String) throws {
        try JournalText(home).edit { lines in
            lines[0].replace("node-orchestrator \(Version.current)", with: "node-orchestrator 9.9")
            lines[2].replace(old, with: new)
        }
    }

    private static let futures = [
        Future(what: "a kind", says: ["Switch", "line 3", "node-orchestrator 9.9"]) {
            try editJournal($0, #""kind":"Component""#, #""kind":"Switch""#)
        },
        Future(what: "an operation", says: ["merge", "line 3", "node-orchestrator 9.9"]) {
            try editJournal($0, #""op":"put""#, #""op":"merge""#)
        },
        Future(what: "a format of segments", says: ["format 7", "node-orchestrator 9.9"]) {
            try JournalText($0).edit { lines in
                lines[0] = #"{"format":7,"new":true,"program":"node-orchestrator 9.9""#
            }
        },
        Future(what: "a format of the head", says: ["/head", "format 7"]) {
            try JournalText($0).editHead { $0.replace(#""format":2"#, with: #""format":7"#) }
        },
        Future(what: "a format of snapshots", says: ["snapshot=", "format 7", "node-orchestrator 9.9"]) {
            try editManifest($0) { manifest in
                manifest["/format"] = 7
                manifest["/program"] = "node-orchestrator 9.9"
            }
        },
        Future(what: "a kind in a snapshot", says: ["snapshot=", "Switch", "node-orchestrator 9.9"]) {
            try editManifest($0) { manifest in
                manifest["/kinds"] = ["ComputeNode", "BMC", "NodeCollection", "Component", "Switch"]
                manifest["/program"] = "node-orchestrator 9.9"
            }
        },
    ]

    private static func editManifest(_ home: TestFolder, _ change: (inout [String: JSONValue]) -> Void) throws {
        let folder = home.folder.appending(path: "snapshots")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let file = folder.appending(path: try #require(names.first { $0.hasPrefix("snapshot=") }))
            .appending(path: "manifest.json")
        var manifest = try parsed(Array(Data(contentsOf: file)))
        var changes: [String: JSONValue] = [:]
        change(&changes)
        for (pointer, value) in changes { manifest[try #require(JSONPointer(pointer))] = value }
        try Data(manifest.bytes).write(to: file)
    }

    @Test("stops start, repair and verification, which name it, and is left as it is", arguments: futures)
    func future(_ future: Future) async throws {
        let inventory = try await Self.filled()
        if future.says.contains("snapshot=") { _ = try await inventory.store.takeSnapshot() }
        let copy = try inventory.copied()
        try future.body(copy)
        let files = try copy.everyFile()
        for attempt in ["start", "repair", "verify"] {
            let error = await #expect(throws: JournalError.self, "\(attempt)") {
                switch attempt {
                case "start": _ = try await StoreUnderTest(in: copy) { $0.dropsUnknownFields = true }
                case "repair": _ = try JournalRepair(copy.directory, at: Date())
                default: _ = try copy.inspection()
                }
            }
            for text in future.says {
                #expect(error?.description.contains(text) ?? false, "\(attempt): \(error?.description ?? "")")
            }
        }
        let after = try copy.everyFile().filter { !$0.key.hasSuffix("lock") && !$0.key.hasPrefix("tmp/") }
        #expect(after == files.filter { !$0.key.hasSuffix("lock") })
    }

    @Test("among the snapshots keeps all others from being removed")
    func prune() async throws {
        let inventory = try await Self.filled()
        let future = try await inventory.store.takeSnapshot().snapshot
        let oldest = inventory.store.journal.oldest
        try await inventory.delete(.component, "x1000")
        try future.editManifest { manifest in
            manifest[try #require(JSONPointer("/format"))] = 7
            manifest[try #require(JSONPointer("/program"))] = "node-orchestrator 9.9"
        }
        let next = try await inventory.store.takeSnapshot()
        #expect(next.isNew)
        #expect(FileManager.default.fileExists(atPath: future.folder.path))
        let error = await #expect(throws: SnapshotError.self) { _ = try await inventory.store.prune() }
        #expect(error?.description.contains(future.id) ?? false)
        #expect(error?.description.contains("node-orchestrator 9.9") ?? false)
        #expect(inventory.store.journal.oldest == oldest)
    }

    @Test("a snapshot that cannot be read is never removed, however few are kept")
    func unreadable() async throws {
        let inventory = try await Self.filled()
        let first = try await inventory.store.takeSnapshot().snapshot
        try await inventory.delete(.component, "x1000")
        try Data("{".utf8).write(to: first.folder.appending(path: "manifest.json"))
        _ = try await inventory.store.takeSnapshot()
        #expect(FileManager.default.fileExists(atPath: first.folder.path))
    }

    @Test("with fewer kinds is not damaged: it has none of the others")
    func fewerKinds() async throws {
        let inventory = try await Self.filled()
        let snapshot = try await inventory.store.takeSnapshot().snapshot
        #expect(inventory.store.journal.oldest > 1)
        try snapshot.editManifest { manifest in
            manifest[try #require(JSONPointer("/kinds"))] = .array(
                Kind.allCases.filter { $0 != .nodeCollection }.map { .string($0.name) }
            )
            manifest[try #require(JSONPointer("/files/NodeCollection.parquet"))] = nil
        }
        try FileManager.default.removeItem(at: snapshot.parquet(.nodeCollection))
        let reopened = try await inventory.reopened()
        #expect(reopened.contents == inventory.contents)
        try await reopened.create(.nodeCollection, #"{"name":"n","type":"job","nodes":[]}"#)
        #expect(try await reopened.store.takeSnapshot().isNew)
        let search = try Search(.nodeCollection, parameters: [])
        #expect(
            try await reopened.store.reader(at: .snapshot(snapshot.id), for: Caller()).search(search).resources.isEmpty
        )
        #expect(try await reopened.reopened().contents == reopened.contents)
    }

    @Test(
        "a listed kind without a file, and a file without a kind, are damage",
        arguments: ["listed", "unlisted", "stray"]
    )
    func kindsAndFiles(how: String) async throws {
        let inventory = try await Self.filled()
        let snapshot = try await inventory.store.takeSnapshot().snapshot
        switch how {
        case "listed":
            try snapshot.editManifest { $0[try #require(JSONPointer("/files/BMC.parquet"))] = nil }
        case "unlisted":
            try snapshot.editManifest { manifest in
                manifest[try #require(JSONPointer("/kinds"))] = .array(
                    Kind.allCases.filter { $0 != .nodeCollection }.map { .string($0.name) }
                )
            }
        default:
            try FileManager.default.copyItem(
                at: snapshot.parquet(.bmc),
                to: snapshot.folder.appending(path: "Switch.parquet")
            )
        }
        let folder = SnapshotFolder(snapshot.folder.deletingLastPathComponent())
        let error = #expect(throws: SnapshotError.self) { try folder.snapshot(snapshot.id).verify() }
        guard case .damaged = error else {
            Issue.record("\(error?.description ?? "")")
            return
        }
    }
}
