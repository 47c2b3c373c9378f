import ArgumentParser
import Completeness
import Foundation
import Records
import Replication
import Store
import Tables

/// Begins a log with an inventory.
struct LogImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Have a new log go on from the inventory of a server that ran alone, while it is stopped.",
        discussion: """
            A snapshot is taken, with which others join, and the log begins behind it: numbers, hashes and keys stay, and what \
            was before can be read at this server. From then on the data folder is used with serve --log only. Where it was \
            interrupted it can be done again.
            """,
        examples: ["log import --data-dir /var/lib/node-orchestrator --log postgres://inventory@db1,db2/inventory"]
    )

    @OptionGroup
    var store: StoreOptions

    @OptionGroup
    var log: LogOptions

    @OptionGroup
    var credentials: CredentialOptions

    func run() async throws {
        let directory = try store.existing()
        guard !FileManager.default.fileExists(atPath: directory.sharedLog.path) else {
            throw CommandError(
                "the data folder \(directory.path.path) belongs to a log already; start serve with --log"
            )
        }
        let (inventory, snapshot) = try await store.withStore(
            instead: "Stop that server first; serve --log goes on from where it was."
        ) { ($0.inventory, try await $0.takeSnapshot().snapshot) }
        guard let tip = snapshot.manifest.position else {
            throw CommandError("the snapshot \(snapshot.id) does not say as of which transaction it is")
        }
        let keys = try await credentials.source.present(in: directory).map(\.id)
        try log.withLog { try $0.begin(inventory, at: tip, keys: keys) }
        try directory.disk.replace(directory.sharedLog, Array("log import\n".utf8))
        print("the log goes on from transaction \(tip.sequence), and begins with the snapshot \(snapshot.id)")
    }
}
