import ArgumentParser
import Completeness
import Foundation

/// Has a server join its log afresh.
struct ReplicasResetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset",
        abstract:
            "Set the inventory in a data folder aside, so that its server joins the log afresh; keys and audit log stay.",
        discussion: "The server must be stopped. What is set aside is moved, not removed; log push may need it.",
        examples: ["replicas reset --data-dir /var/lib/node-orchestrator"]
    )

    @OptionGroup
    var store: StoreOptions

    func run() throws {
        let directory = try store.existing()
        guard FileManager.default.fileExists(atPath: directory.sharedLog.path) else {
            throw CommandError(
                "the data folder \(directory.path.path) belongs to no log; nothing else has what is in it"
            )
        }
        for folder in try directory.setAside(at: Date()) { print("set aside in \(folder.path)") }
    }
}
