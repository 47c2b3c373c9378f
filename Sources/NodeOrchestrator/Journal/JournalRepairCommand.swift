import ArgumentParser
import Completeness
import Foundation

/// Makes a damaged data folder one that a start accepts.
struct JournalRepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Repair the journal: go on without what is damaged or missing, and say what that costs.",
        discussion: """
            What is damaged, or belongs to another inventory, is taken out and kept beside the rest. No server may be \
            running. With --dry-run nothing is changed.
            """,
        examples: ["journal repair --dry-run", "journal repair --data-dir /var/lib/node-orchestrator"]
    )

    @OptionGroup
    var store: StoreOptions

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    func run() throws {
        let directory = try store.existing()
        let repair =
            dryRun
            ? try JournalRepair.plan(directory, at: Date()) : try JournalRepair(directory, at: Date())
        guard repair.isNeeded else {
            print("nothing to repair")
            return
        }
        for fault in repair.faults { print("fault: \(fault)") }
        for action in repair.actions { print(action) }
        print(repair.lost)
    }
}
