import Foundation
import Inventory
import PostgreSQL
import Records
import Replication
import TestSupport
import Testing

@testable import Journal

@Suite("A log that servers share", .enabled(if: TestPostgres.isWanted))
struct ReplicatedLogTests {
    private let location: String
    private let folders = [TestFolder(), TestFolder()]

    init() throws {
        location = try TestPostgres.database()
    }

    private func server(_ index: Int, lease: Duration = .seconds(5)) throws -> ReplicatedLog {
        try ReplicatedLog(
            in: folders[index].folder,
            sharing: location,
            name: "abc".map(String.init)[index],
            lease: lease
        )
    }

    private func records(_ count: Int, from log: some TransactionLog) -> [JournalRecord] {
        (0..<count).map { index in
            let sequence = log.next + UInt64(index)
            let document = Array(#"{"hostname":"n\#(sequence)"}"#.utf8)
            let change = JournalChange(
                resource: ResourceID(.computeNode, .version7()),
                stored: StoredResource(document: document, version: sequence)
            )
            return JournalRecord(sequence: sequence, time: log.now(), author: "a", changes: [change])
        }
    }

    private func append(_ records: [JournalRecord], to log: ReplicatedLog) throws -> [ChainPoint] {
        switch log.append(records, after: log.tip) {
        case .counts(let points): return points
        case .refused(let error), .unknown(let error): throw error
        }
    }

    @Test("has the same transactions, numbers and hashes at all of them, in their own files too")
    func following() async throws {
        let (leader, follower) = (try server(0), try server(1))
        var written: [JournalRecord] = []
        for _ in 0..<5 {
            let batch = records(3, from: leader)
            let points = try append(batch, to: leader)
            written += batch
            let found = try await follower.beyond(follower.tip)
            #expect(found.map(\.record) == batch)
            #expect(found.map(\.point) == points)
            #expect(follower.tip == leader.tip)
        }
        for (log, folder) in zip([leader, follower], folders) {
            try log.sync()
            let journal = try PublishedJournal(
                reading: JournalFolder(folder.folder.appending(path: "journal"), disk: Disk()),
                stretches: []
            )
            #expect(try journal.transactions(after: .beginning, through: leader.tip).map(\.record) == written)
        }
    }

    @Test("says who leads to whoever does not, and takes nothing from it")
    func notLeading() async throws {
        let (leader, follower) = (try server(0), try server(1))
        _ = try append(records(1, from: leader), to: leader)
        _ = try await follower.beyond(follower.tip)
        #expect {
            try append(records(1, from: follower), to: follower)
        } throws: {
            "\($0)" == "a leads, at http://a:8080"
        }
        #expect(try await follower.beyond(follower.tip).isEmpty)
    }

    @Test("goes on with the next number at another one, when the leader has stopped")
    func handingOver() async throws {
        let (first, second) = (try server(0), try server(1))
        _ = try append(records(2, from: first), to: first)
        try first.end()
        _ = try await second.beyond(second.tip)
        try second.heal()
        #expect(second.next == 3)
        _ = try append(records(1, from: second), to: second)
        #expect(second.tip.sequence == 3)
    }

    @Test("passes over numbers when the leader has gone, and takes nothing more from it")
    func takingOver() async throws {
        let (first, second) = (try server(0, lease: .milliseconds(300)), try server(1, lease: .milliseconds(300)))
        _ = try append(records(2, from: first), to: first)
        let late = records(1, from: first)
        #expect(throws: LogError.self) { try second.heal() }
        // What is awaited is that time goes by.
        try await Task.sleep(for: .milliseconds(400))
        try second.heal()
        _ = try await second.beyond(second.tip)
        #expect(second.next == 1_000_003)
        _ = try append(records(1, from: second), to: second)
        #expect(throws: (any Error).self) { try append(late, to: first) }
        let found = try await first.beyond(first.tip)
        #expect(found.map(\.point.sequence) == [1_000_003])
        #expect(first.tip == second.tip)
    }
}
