import ArgumentParser
import Foundation
import Records
import Tables

/// Checks the files of snapshots.
struct SnapshotVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare the files of snapshots with what their manifests say of them.",
        discussion: """
            The exit status is 1 if any is damaged or missing. Only files are read, so a server may be using the data \
            folder.
            """,
        examples: ["snapshot verify", "snapshot verify 2026-11-24T01-03-05.120Z"]
    )

    @OptionGroup
    var store: StoreOptions

    @Argument(help: "Ids of snapshots. (default: all)")
    var id: [String] = []

    func run() throws {
        let folder = try store.snapshots()
        let known = try folder.ids()
        if known.isEmpty { try FileHandle.standardError.writeLine("there are no snapshots in \(folder.path.path)") }
        var areGood = true
        for id in self.id.isEmpty ? known : self.id {
            let problem = known.contains(id) ? Self.problem(id, folder) : "missing"
            print("\(id) \(problem ?? "ok")")
            areGood = areGood && problem == nil
        }
        guard areGood else { throw ExitCode.failure }
    }

    private static func problem(_ id: String, _ folder: SnapshotFolder) -> String? {
        do throws(SnapshotError) {
            try folder.snapshot(id).verify()
            return nil
        } catch {
            switch error {
            case .unreadable(let what), .damaged(let what): return "damaged: \(what)"
            case .otherVersion, .foreign: return "unknown: it \(error)"
            }
        }
    }
}
