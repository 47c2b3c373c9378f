import ArgumentParser
import Records

/// Goes back to a snapshot.
struct SnapshotRestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make the inventory what a snapshot holds.",
        discussion: RestoreCommand.configuration.discussion
    )

    @Argument(help: "Id of the snapshot.")
    var id: String

    @OptionGroup
    var options: RestoreOptions

    func run() async throws {
        try options.store.checkSnapshot(id)
        try await options.restore(to: .snapshot(id), path: "/snapshots/\(id)/restore")
    }
}
