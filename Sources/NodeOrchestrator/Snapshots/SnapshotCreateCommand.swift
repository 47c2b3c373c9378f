import ArgumentParser
import Foundation
import Store
import Tables

/// Takes a snapshot.
struct SnapshotCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Take a snapshot and print its id, while no server is running.",
        discussion: "Older snapshots stay; snapshot prune removes them. A running server takes one by POST /snapshots.",
        examples: ["snapshot create --data-dir /var/lib/node-orchestrator"]
    )

    @OptionGroup
    var store: StoreOptions

    func run() async throws {
        let (snapshot, isNew) = try await store.withStore(
            instead: ServerRequest.advice([ServerRequest(method: "POST", path: "/snapshots")])
        ) { try await $0.takeSnapshot() }
        if !isNew { try FileHandle.standardError.writeLine("nothing has changed since the newest snapshot") }
        print(snapshot.id)
    }
}
