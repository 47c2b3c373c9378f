import ArgumentParser
import Foundation
import Store

/// Makes a damaged journal one that a start accepts.
struct JournalRepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Take what is damaged out of the journal, where no server is running, and say what that costs.",
        discussion: "What is taken out is kept beside the journal. With --dry-run nothing is changed."
    )

    @OptionGroup
    var store: StoreOptions

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    func run() throws {
        let configuration = try store.existing()
        let repair =
            dryRun
            ? try JournalRepair.plan(configuration, at: Date()) : try JournalRepair(configuration, at: Date())
        guard repair.isNeeded else {
            print("nothing to repair")
            return
        }
        for action in repair.actions { print(action) }
        print(repair.lost)
    }
}
