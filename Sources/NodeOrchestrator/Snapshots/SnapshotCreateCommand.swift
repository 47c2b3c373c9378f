import ArgumentParser
import Foundation
import Store
import Tables

/// Takes a snapshot.
struct SnapshotCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Take a snapshot and print its id, where no server is running.",
        discussion: "Nothing is removed for it; that is what prune is for."
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
