import ArgumentParser
import Completeness
import Records
import Tables

/// Goes back to a moment.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make the inventory what it was at a moment.",
        discussion: """
            What differs is changed by one transaction, so that nothing is lost: the way back from it is to restore \
            the moment before. With --dry-run only files are read, and a server may be using the data folder. With --from \
            it becomes what a snapshot elsewhere holds; where there is no inventory yet, it begins with that.
            """,
        examples: [
            "restore --dry-run --at 2026-11-23T18:00:05Z", "restore --at-seq 5 --reason 'wrong file'",
            "restore --from s3://site/copies --data-dir /srv/new",
        ]
    )

    @Option(
        help: ArgumentHelp("A time such as 2026-11-23T18:00:05Z, or the id of a snapshot.", valueName: "time"),
        transform: Moment.timeArgument
    )
    var at: Moment?

    @Option(help: ArgumentHelp("The sequence number of a change: as it was right after that.", valueName: "number"))
    var atSeq: UInt64?

    @Option(
        help: ArgumentHelp(
            "A folder or s3://BUCKET/PREFIX with snapshots, for the newest of them, or one snapshot there.",
            valueName: "location"
        )
    )
    var from: String?

    @OptionGroup
    var options: RestoreOptions

    func validate() throws {
        guard [at != nil, atSeq != nil, from != nil].count(where: \.self) == 1 else {
            throw ValidationError("Give one of --at, --at-seq and --from.")
        }
        guard from == nil || !options.dryRun else { throw ValidationError("--dry-run cannot be used with --from.") }
    }

    func run() async throws {
        if let from {
            try await restore(from: CopySource(from, options.store.directory.disk))
        } else if let at {
            try await options.restore(to: at, path: "/restore?at=\(ServerRequest.escape(at.argument))")
        } else if let atSeq {
            try await options.restore(to: .sequence(atSeq), path: "/restore?at=\(atSeq)")
        }
    }

    private func restore(from source: CopySource) async throws {
        let directory = options.store.directory
        do {
            if case .begun(let id, let manifest) = try await source.begin(directory) {
                print("the inventory begins with the snapshot \(id): \(manifest.resourceCount) resources")
                return
            }
            let id = try await source.add(to: directory)
            try await options.restore(to: .snapshot(id), path: "/snapshots/\(id)/restore")
        } catch let error as FolderInUse {
            throw CommandError("\(error)\nStop that server first.")
        }
    }
}
