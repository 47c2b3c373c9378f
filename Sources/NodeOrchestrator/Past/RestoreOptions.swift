import ArgumentParser
import Foundation
import Records
import Scheduling
import Store

/// How to go back.
struct RestoreOptions: ParsableArguments {
    @OptionGroup
    var store: StoreOptions

    @Flag(help: "Only show what would change.")
    var dryRun = false

    @Option(help: ArgumentHelp("Why, for the history.", valueName: "text"))
    var reason: String?

    /// Makes the inventory what it was at a moment, or shows what that would change.
    ///
    /// - Parameter path: What a running server is asked for to do the same.
    func restore(to moment: Moment, path: String) async throws {
        if dryRun {
            let history = try OfflineHistory(store.existing())
            DifferenceText.standard.print(try history.difference(from: moment, to: nil).reversed)
            return
        }
        let request = ServerRequest(method: "POST", path: path, reason: reason)
        let difference = try await store.withStore(instead: ServerRequest.advice([request])) { store in
            try await store.restore(to: moment, for: Caller(subject: Self.author), reason: reason)
        }
        if difference.resources.isEmpty {
            print("nothing to restore: the inventory is as it was at \(moment)")
        } else {
            print("restored to \(moment): transaction \(difference.to); \(difference.summaryText)")
        }
    }

    /// The user of the operating system, as the author of a transaction.
    static var author: String {
        let name = NSUserName()
        return "cli:\(name.isEmpty ? String(getuid()) : name)"
    }
}
