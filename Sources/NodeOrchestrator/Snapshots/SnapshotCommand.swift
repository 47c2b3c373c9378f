import ArgumentParser

/// Looks after the snapshots.
struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "List, take, check and remove snapshots, or go back to one.",
        subcommands: [
            SnapshotListCommand.self, SnapshotCreateCommand.self, SnapshotVerifyCommand.self,
            SnapshotDeleteCommand.self, SnapshotPruneCommand.self, SnapshotRestoreCommand.self,
        ]
    )
}
