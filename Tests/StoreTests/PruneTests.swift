import Journal
import Logging
import Store
import Tables
import TestSupport
import Testing

@Suite("Pruning")
struct PruneTests {
    @Test("removes what a look at the files has said before, which changes nothing")
    func foretold() async throws {
        let inventory = try await StoreUnderTest { $0.retention = nil }
        var ids: [String] = []
        for number in 1000..<1005 {
            try await inventory.create(.component, #"{"ID":"x\#(number)","Type":"Cabinet"}"#)
            ids.append(try await inventory.store.takeSnapshot().snapshot.id)
        }
        let retention = Retention(count: 2)
        let removable = try OfflineHistory(inventory.home.directory)
            .removable(retention, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(removable.snapshots == Array(ids.prefix(3)))
        // The older of the two that stay has four transactions.
        #expect(removable.history == 4)
        #expect(try await inventory.store.snapshots().map(\.id) == ids.reversed())
        #expect(inventory.store.journal.oldest == 1)

        let other = try await inventory.reopened { $0.retention = retention }
        #expect(try await other.store.prune() == removable.snapshots)
        #expect(other.store.journal.oldest == 5)
    }
}
