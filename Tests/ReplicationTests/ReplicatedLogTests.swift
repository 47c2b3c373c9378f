import Foundation
import Inventory
import PostgreSQL
import Records
import Replication
import Synchronization
import TestSupport
import Testing

@testable import Journal

@Suite("A log that servers share", .enabled(if: TestPostgres.isWanted))
struct ReplicatedLogTests {
    private let location: String
    private let folders = [TestFolder(), TestFolder(), TestFolder()]

    init() throws {
        location = try TestPostgres.database()
    }

    private func server(_ index: Int, lease: Duration = .seconds(5), disk: Disk = Disk()) throws -> ReplicatedLog {
        try ReplicatedLog(
            in: folders[index].folder,
            sharing: location,
            name: "abc".map(String.init)[index],
            lease: lease,
            disk: disk
        )
    }

    /// What a server has in its own files.
    private func journal(of index: Int, through tip: ChainPoint) throws -> [JournalRecord] {
        let folder = JournalFolder(folders[index].folder.appending(path: "journal"), disk: Disk())
        let journal = try PublishedJournal(reading: folder, stretches: [])
        return try journal.transactions(after: .beginning, through: tip).map(\.record)
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
        for (index, log) in [leader, follower].enumerated() {
            try log.sync()
            #expect(try journal(of: index, through: leader.tip) == written)
        }
    }

    @Test(
        "counts what PostgreSQL has when the leader's own disk fails, which then hands over, and is made up for later"
    )
    func localFailure() async throws {
        let isFailing = Atomic(false)
        let disk = Disk { call, _ in call == .write && isFailing.load(ordering: .relaxed) ? ENOSPC : nil }
        let (first, second) = (try server(0, disk: disk), try server(1))
        var written = records(2, from: first)
        _ = try append(written, to: first)
        isFailing.store(true, ordering: .relaxed)
        let doubtful = records(2, from: first)
        _ = try append(doubtful, to: first)
        written += doubtful
        #expect(first.tip.sequence == 4)
        #expect(throws: DiskError.self) { try first.heal() }
        #expect(throws: (any Error).self) { try first.sync() }
        try first.lookAfter()
        // At once, and without a gap.
        _ = try await second.beyond(second.tip)
        try second.heal()
        written += records(3, from: second)
        _ = try append(Array(written.suffix(3)), to: second)
        #expect(second.tip.sequence == 7)
        // Goes on in memory.
        #expect(try await first.beyond(first.tip).map(\.point.sequence) == [5, 6, 7])
        isFailing.store(false, ordering: .relaxed)
        try first.sync()
        #expect(try journal(of: 0, through: first.tip) == written)
        try second.sync()
        #expect(try journal(of: 1, through: second.tip) == written)
    }

    @Test("that has lost what a server knows is not gone on from")
    func lostTransactions() async throws {
        let (first, second) = (try server(0), try server(1))
        _ = try append(records(3, from: first), to: first)
        _ = try await second.beyond(second.tip)
        try first.end()
        // As a failover does to a standby that was behind.
        let connection = try PostgresConnection.open(PostgresLocation(location), name: "test", within: .seconds(5))
        try connection.run(
            script: """
                DELETE FROM node_orchestrator.lines WHERE seq = 3;
                UPDATE node_orchestrator.head SET (last, chain) =
                    (SELECT seq, chain FROM node_orchestrator.lines ORDER BY seq DESC LIMIT 1);
                """,
            within: .seconds(5)
        )
        #expect {
            try second.heal()
        } throws: {
            if case LogError.lost(let point, let local) = $0 {
                point.sequence == 2 && local.sequence == 3
            } else {
                false
            }
        }
        // One that does not have it goes on, and then its past is another one.
        let third = try ReplicatedLog(in: folders[2].folder, sharing: location, name: "c")
        _ = try await third.all(beyond: .beginning)
        try third.heal()
        _ = try append(records(2, from: third), to: third)
        await #expect {
            _ = try await second.beyond(second.tip)
        } throws: {
            if case LogError.lost = $0 { true } else { false }
        }
    }

    @Test("forgets what is old and in a snapshot, and what servers need only when it is very old")
    func forgetting() async throws {
        let keep = Duration.seconds(1)
        func server(_ index: Int) throws -> ReplicatedLog {
            let folder = folders[index].folder
            let name = "abc".map(String.init)[index]
            return try ReplicatedLog(in: folder, sharing: location, name: name, keepFor: keep, snapshot: 3)
        }
        let (leader, follower) = (try server(0), try server(1))
        let points = try append(records(1, from: leader), to: leader) + append(records(3, from: leader), to: leader)
        func has(_ point: ChainPoint) async throws -> Bool {
            do {
                _ = try await leader.beyond(point)
                return true
            } catch LogError.forgotten, is ForeignPoint {
                return false
            }
        }
        _ = try await follower.beyond(.beginning)
        func lookAfter(_ servers: [ReplicatedLog]) async throws {
            // What is awaited is that time goes by.
            try await Task.sleep(for: keep)
            for server in servers { try server.lookAfter() }
        }
        let late = try server(2)
        try await lookAfter([follower, late, leader])
        #expect(try await has(.beginning))
        try await lookAfter([follower, leader])
        #expect(try await !has(.beginning))
        #expect(try await !has(points[1]))
        // The fourth is in no snapshot.
        for _ in 0..<2 { try await lookAfter([follower, leader]) }
        #expect(try await leader.beyond(points[2]).map(\.point) == [points[3]])
        #expect(throws: LogError.self) { try late.heal() }
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

    @Test("passes over numbers when PostgreSQL has failed over since the lead was handed over")
    func handingOverBeforeAFailover() async throws {
        let (first, second) = (try server(0), try server(1))
        _ = try append(records(2, from: first), to: first)
        try first.end()
        let connection = try PostgresConnection.open(PostgresLocation(location), name: "test", within: .seconds(5))
        try connection.run(script: "UPDATE node_orchestrator.head SET timeline = '000000FF'", within: .seconds(5))
        _ = try await second.beyond(second.tip)
        try second.heal()
        #expect(second.next == 1_000_003)
    }

    @Test(
        "passes over numbers still when a leader that has passed over them hands over before it writes",
        arguments: [true, false]
    )
    func handingOverUnused(isStop: Bool) async throws {
        let servers = try (0..<3).map { try server($0, lease: .milliseconds(300)) }
        _ = try append(records(2, from: servers[0]), to: servers[0])
        for log in servers { try log.lookAfter() }
        // What is awaited is that time goes by.
        try await Task.sleep(for: .milliseconds(400))
        for log in servers[1...] { _ = try await log.all(beyond: log.tip) }
        try servers[1].heal()
        #expect(servers[1].next == 1_000_003)
        if isStop { try servers[1].end() } else { try servers[1].moveLead(to: "http://c:8080") }
        try servers[2].heal()
        #expect(servers[2].next == 1_000_003)
    }

    @Test("goes on with the next number at the server that the leader names, and at no other one meanwhile")
    func movingTheLead() async throws {
        let (first, second, third) = (try server(0), try server(1), try server(2))
        _ = try append(records(2, from: first), to: first)
        for log in [first, second, third] { try log.lookAfter() }
        #expect(throws: LogError.self) { try first.moveLead(to: "http://d:8080") }
        #expect(throws: LogError.self) { try second.moveLead(to: "http://b:8080") }
        _ = try append(records(1, from: first), to: first)
        let late = records(1, from: first)
        try first.moveLead(to: "http://b:8080")
        #expect(throws: LogError.self) { try append(late, to: first) }
        #expect(throws: LogError.self) { try third.heal() }
        _ = try await second.all(beyond: second.tip)
        try second.heal()
        #expect(second.next == 4)
        _ = try append(records(1, from: second), to: second)
        #expect(try await first.all(beyond: first.tip).map(\.point) == [second.tip])
    }

    @Test("passes over numbers when the server has gone that the lead was given to")
    func movingTheLeadInVain() async throws {
        let servers = try (0..<3).map { try server($0, lease: .milliseconds(300)) }
        _ = try append(records(2, from: servers[0]), to: servers[0])
        for log in servers { try log.lookAfter() }
        try servers[0].moveLead(to: "http://b:8080")
        // What is awaited is that time goes by.
        try await Task.sleep(for: .milliseconds(400))
        _ = try await servers[2].all(beyond: servers[2].tip)
        try servers[2].heal()
        #expect(servers[2].next == 1_000_003)
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
