import ArgumentParser
import Records

/// Goes back to a snapshot.
struct SnapshotRestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make the inventory what a snapshot holds.",
        discussion: """
            What differs is changed by one transaction, so that nothing is lost: the way back from it is to restore \
            the moment before. With --dry-run only files are read, and a server may be using the data folder.
            """,
        examples: [
            "snapshot restore --dry-run 2026-11-24T01-03-05.120Z",
            "snapshot restore 2026-11-24T01-03-05.120Z --reason typo",
        ]
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
