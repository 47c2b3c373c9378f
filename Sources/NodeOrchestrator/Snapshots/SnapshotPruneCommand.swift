import ArgumentParser
import Store

/// Removes what need not be kept.
struct SnapshotPruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove the snapshots and the history that need not be kept, and print the ids of the snapshots.",
        discussion: "A running server does that after each snapshot that it takes, by its own options."
    )

    @OptionGroup
    var store: StoreOptions

    @OptionGroup
    var retention: RetentionOptions

    func run() async throws {
        let ids = try await store.withStore(
            retention: retention.retention,
            instead: "It removes what need not be kept itself, after each snapshot: by its own --snapshot-keep, "
                + "--snapshot-keep-for and --history-keep-for."
        ) { try await $0.prune() }
        for id in ids { print(id) }
    }
}
