import ArgumentParser
import Foundation
import Store

/// Takes a snapshot.
struct SnapshotCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Take a snapshot and print its id, where no server is running.",
        discussion: "As after each snapshot, those that need not be kept are removed."
    )

    @OptionGroup
    var store: StoreOptions

    @OptionGroup
    var retention: RetentionOptions

    func run() async throws {
        let (snapshot, isNew) = try await store.withStore(
            retention: retention.retention,
            instead: ServerRequest.advice([ServerRequest(method: "POST", path: "/snapshots")])
        ) { try await $0.takeSnapshot() }
        if !isNew { try FileHandle.standardError.writeLine("nothing has changed since the newest snapshot") }
        print(snapshot.id)
    }
}
