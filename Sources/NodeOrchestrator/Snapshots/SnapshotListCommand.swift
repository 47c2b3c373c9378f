import ArgumentParser
import Foundation
import Inventory
import Records
import Schema
import Tables

/// Lists the snapshots.
struct SnapshotListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the snapshots, newest first.",
        discussion: "Only manifests are read, so a server may be using the data folder.",
        examples: ["snapshot list", "snapshot list --json --snapshot-dir /srv/snapshots"]
    )

    @OptionGroup
    var store: StoreOptions

    @Flag(help: "Print JSON.")
    var json = false

    /// A snapshot, or why it cannot be used.
    private typealias Entry = (id: String, snapshot: Result<Snapshot, SnapshotError>)

    func run() throws {
        let folder = try store.snapshots()
        var entries: [Entry] = []
        let readable = try folder.readable { id, error in entries.append((id, .failure(error))) }
        entries += readable.map { ($0.id, .success($0)) }
        entries.sort { $0.id > $1.id }
        if json {
            print(JSONValue.array(entries.map(Self.json)).text)
        } else if entries.isEmpty {
            try FileHandle.standardError.writeLine("there are no snapshots in \(folder.path.path)")
        } else {
            print(Self.table(entries).lines.joined(separator: "\n"))
        }
    }

    private static func table(_ entries: [Entry]) -> TextTable {
        var table = TextTable(
            [.init(title: "ID"), .init(title: "TAKEN"), .init(title: "SEQUENCE", isNumber: true)]
                + Kind.allCases.map { .init(title: $0.name, isNumber: true) } + [
                    .init(title: "SIZE", isNumber: true)
                ]
        )
        for (id, snapshot) in entries {
            switch snapshot {
            case .success(let snapshot):
                let manifest = snapshot.manifest
                table.add(
                    [id, manifest.createdAt, String(manifest.sequence)]
                        + Kind.allCases.map { String(manifest.rows(of: $0)) } + [
                            ByteSizeArgument.rounded(manifest.size)
                        ]
                )
            case .failure(let error): table.add([id, "-", "-", "\(error)"])
            }
        }
        return table
    }

    private static func json(_ entry: Entry) -> JSONValue {
        switch entry.snapshot {
        case .success(let snapshot): snapshot.json
        case .failure(let error): ["id": .string(entry.id), "error": .string("\(error)")]
        }
    }
}
