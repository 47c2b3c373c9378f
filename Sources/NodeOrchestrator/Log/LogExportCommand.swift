import ArgumentParser
import Completeness
import Foundation

/// Has a data folder part with a log.
struct LogExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract:
            "Give a data folder that belongs to a log an identity of its own, so that a server runs on it without the log.",
        discussion: """
            The server must be stopped. Journal, snapshots and history stay, with their numbers, but they are those of another \
            inventory then, which cannot be mixed up with what the log goes on to have. Where it was interrupted it can be done \
            again.
            """,
        examples: ["log export --data-dir /srv/copy-of-inventory"]
    )

    @OptionGroup
    var store: StoreOptions

    func run() throws {
        let directory = try store.existing()
        guard FileManager.default.fileExists(atPath: directory.sharedLog.path) else {
            throw CommandError("the data folder \(directory.path.path) belongs to no log; serve runs on it as it is")
        }
        let identity = try NewIdentity(directory, at: Date())
        print(
            "the data folder has the inventory \(identity.inventory.uuidString.lowercased()); serve runs on it without --log"
        )
        for folder in identity.folders { print("what was replaced is in \(folder.path)") }
    }
}
