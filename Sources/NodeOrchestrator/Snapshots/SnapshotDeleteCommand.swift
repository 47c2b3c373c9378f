import ArgumentParser
import Store

/// Removes snapshots.
struct SnapshotDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove snapshots and print their ids, while no server is running.",
        discussion: "The only snapshot from which the inventory could be restored is not removed.",
        examples: ["snapshot delete 2026-11-24T01-03-05.120Z"]
    )

    @OptionGroup
    var store: StoreOptions

    @Argument(help: "Ids of snapshots.")
    var id: [String]

    func run() async throws {
        for id in id { try store.checkSnapshot(id) }
        let requests = id.map { ServerRequest(method: "DELETE", path: "/snapshots/\($0)") }
        try await store.withStore(instead: ServerRequest.advice(requests)) { store in
            for id in id where try await store.removeSnapshot(id) { print(id) }
        }
    }
}
