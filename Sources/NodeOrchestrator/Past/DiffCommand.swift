import ArgumentParser
import Records
import Store

/// Compares two moments.
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what differs in the inventory between two moments.",
        discussion: """
            A moment is a time such as 2026-11-23T18:00:05Z, the sequence number of a change, or the id of a snapshot. \
            Only files are read, so a server may be using the data folder. The exit status is 0 with \
            or without differences.
            """,
        examples: ["diff 5", "diff 2026-11-23T18:00:05Z 2026-11-24T06:00:00Z", "diff --json 5 7"]
    )

    @OptionGroup
    var store: StoreOptions

    @Flag(help: "Print JSON.")
    var json = false

    @Argument(help: "The earlier moment.", transform: Moment.argument)
    var from: Moment

    @Argument(help: "The later moment. (default: now)", transform: Moment.argument)
    var to: Moment?

    func run() throws {
        let history = try OfflineHistory(store.existing())
        let difference = try history.difference(from: from, to: to)
        if json {
            for piece in difference.jsonPieces { print(String(decoding: piece, as: UTF8.self), terminator: "") }
            print()
        } else {
            DifferenceText.standard.print(difference)
        }
    }
}
