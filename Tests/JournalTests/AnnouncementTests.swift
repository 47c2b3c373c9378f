import Foundation
import Inventory
import Records
import TestSupport
import Testing

@testable import Journal

@Suite("Waiting for transactions")
struct AnnouncementTests {
    @Test("those who follow the events leave room for those who wait for a transaction")
    func waitingBesideFeeds() async throws {
        let home = TestFolder()
        let recovery = JournalRecovery(tip: .beginning, next: 1, segments: [], stretches: [])
        let folder = home.folder.appending(path: "journal")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let journal = try PublishedJournal(JournalFolder(folder), recovery)
        let writer = try JournalWriter(
            journal,
            recovery,
            inventory: .version7(),
            head: nil,
            headPath: home.folder.appending(path: "head"),
            policy: .never
        )
        var feeds: [EventFeed] = []
        #expect(throws: Refusal.self) {
            while true { feeds.append(try EventFeed(journal, after: nil, kinds: nil)) }
        }
        try await journal.waitUntilAnnounced(0)
        let waiter = Task { try await journal.waitUntilAnnounced(2) }
        for sequence in UInt64(1)...2 {
            let change = JournalChange(
                resource: ResourceID(.computeNode, .version7()),
                stored: StoredResource(document: Array(#"{"hostname":"n"}"#.utf8), version: sequence)
            )
            let record = JournalRecord(sequence: sequence, time: writer.now(), author: "a", changes: [change])
            guard case .counts = writer.append([record], after: writer.tip) else {
                Issue.record("the transaction is refused")
                return
            }
            writer.announce()
        }
        try await waiter.value
        #expect(journal.announced == 2)
        // One that is given up leaves nothing.
        let givenUp = Task { try await journal.waitUntilAnnounced(3) }
        givenUp.cancel()
        try await givenUp.value
        #expect(feeds.count == 1024)
    }
}
