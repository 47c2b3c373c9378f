import ArgumentParser
import Records

/// Goes back to a moment.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make the inventory what it was at a moment.",
        discussion: """
            What differs is changed by one transaction, so that nothing is lost: the way back from it is to restore \
            the moment before. With --dry-run only files are read, and a server may be using the data folder.
            """
    )

    @Option(
        help: ArgumentHelp("A time such as 2026-11-23T18:00:05Z, or the id of a snapshot.", valueName: "time"),
        transform: Moment.timeArgument
    )
    var at: Moment?

    @Option(help: ArgumentHelp("The sequence number of a change, after which it was so.", valueName: "number"))
    var atSeq: UInt64?

    @OptionGroup
    var options: RestoreOptions

    func validate() throws {
        guard (at == nil) != (atSeq == nil) else {
            throw ValidationError("Say to which moment: one of --at and --at-seq.")
        }
    }

    func run() async throws {
        if let at {
            try await options.restore(to: at, path: "/restore?at=\(ServerRequest.escape(at.argument))")
        } else if let atSeq {
            try await options.restore(to: .sequence(atSeq), path: "/restore?at=\(atSeq)")
        }
    }
}
