import ArgumentParser
import Foundation
import Store

/// Removes what need not be kept.
struct SnapshotPruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove snapshots and history that need not be kept, and print the ids of the snapshots.",
        discussion: """
            A running server does that after each snapshot that it takes. Give the --config of that server to keep what \
            it keeps. With --dry-run only files are read, and a server may be using the data folder.

            A time is a whole number with its unit: 30s, 5m, 1h, 30d.
            """,
        examples: ["snapshot prune --dry-run --config node-orchestrator.yaml", "snapshot prune --snapshot-keep 48"]
    )

    @OptionGroup
    var store: StoreOptions

    @OptionGroup
    var retention: RetentionOptions

    @Flag(help: "Only print what would be removed.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "The server's configuration file: which folders there are, and what is kept.",
            valueName: "file"
        )
    )
    var config: String?

    func run() async throws {
        guard !dryRun else { return try show() }
        let ids = try await store.withStore(
            retention: retention.retention,
            instead: "It removes what need not be kept itself, after each snapshot: by its own --snapshot-keep, "
                + "--snapshot-keep-for and --history-keep-for."
        ) { try await $0.prune() }
        for id in ids { print(id) }
    }

    private func show() throws {
        let removable = try OfflineHistory(store.existing()).removable(retention.retention, logger: .offline())
        for id in removable.snapshots { print(id) }
        if let last = removable.history {
            try FileHandle.standardError.writeLine("and the history up to transaction \(last)")
        }
    }
}
