import Foundation
import Inventory
import Journal
import Logging
import PostgreSQL
import Records
import Replication
import TestSupport
import Testing

/// What every log has to do, whatever it keeps its transactions in.
@Suite("A log of transactions")
struct TransactionLogTests {
    /// A way to make a log.
    enum Conformer: String, CaseIterable, CustomTestStringConvertible {
        case files
        case memory
        case postgres

        static var installed: [Conformer] { allCases.filter { $0 != .postgres || TestPostgres.isWanted } }

        var testDescription: String { rawValue }

        /// An empty log.
        func make(in folder: URL) throws -> any TransactionLog {
            switch self {
            case .memory: return MemoryLog()
            case .files: return try JournalWriter(in: folder)
            case .postgres: return try ReplicatedLog(in: folder, sharing: TestPostgres.database())
            }
        }
    }

    /// A log with a hand that writes to it.
    private struct Pen {
        let log: any TransactionLog
        var generator = SeededGenerator()
        var written: [JournalRecord] = []
        var points: [ChainPoint] = []

        /// Some transactions that go on from the next number.
        mutating func records(_ count: Int, documentSize: Int = 20, reason: String? = nil) -> [JournalRecord] {
            (0..<count).map { index in
                let sequence = log.next + UInt64(index)
                let changes = (0..<Int.random(in: 1...3, using: &generator)).map { _ in change(documentSize, sequence) }
                let hasKey = Bool.random(using: &generator)
                return JournalRecord(
                    sequence: sequence,
                    time: log.now(),
                    author: "a",
                    reason: reason,
                    idempotency: hasKey ? idempotency(of: changes, sequence) : nil,
                    changes: changes
                )
            }
        }

        private func idempotency(of changes: [JournalChange], _ sequence: UInt64) -> Idempotency {
            Idempotency(
                IdempotencyKey("key-\(sequence)!", of: Hash128(high: sequence, low: .max)),
                outcomes: changes.map { .init($0.resource, $0.stored == nil ? .changed : .created) }
            )
        }

        private mutating func change(_ size: Int, _ sequence: UInt64) -> JournalChange {
            let document = #"{"hostname":"\#(String(repeating: "n", count: size))"}"#
            let isDeletion = Int.random(in: 0..<4, using: &generator) == 0
            return JournalChange(
                resource: ResourceID(.computeNode, .version7()),
                stored: isDeletion ? nil : StoredResource(document: Array(document.utf8), version: sequence)
            )
        }

        mutating func append(_ records: [JournalRecord]) async throws {
            guard case .counts(let points) = await log.append(records, after: log.tip) else {
                Issue.record("\(generator): a batch does not count")
                return
            }
            #expect(points.map(\.sequence) == records.map(\.sequence), "\(generator)")
            written += records
            self.points += points
        }
    }

    @Test("keeps what is appended, in order, and says what is beyond any point", arguments: Conformer.installed)
    func order(conformer: Conformer) async throws {
        let folder = TestFolder()
        var pen = Pen(log: try conformer.make(in: folder.folder))
        #expect(pen.log.tip == .beginning && pen.log.next == 1)
        for round in 0..<20 {
            try await pen.append(pen.records(Int.random(in: 0...5, using: &pen.generator)))
            #expect(pen.log.tip == pen.points.last ?? .beginning, "\(pen.generator)")
            #expect(pen.log.next == (pen.points.last?.sequence ?? 0) + 1, "\(pen.generator)")
            if round % 5 == 4 { try await pen.log.rotate(at: 0) }
            if round % 7 == 6 { try await pen.log.sync() }
        }
        for (index, point) in ([.beginning] + pen.points).enumerated() {
            let beyond = try await pen.log.all(beyond: point)
            #expect(beyond.map(\.record) == Array(pen.written[index...]), "\(pen.generator)")
            #expect(beyond.map(\.point) == Array(pen.points[index...]), "\(pen.generator)")
        }
        #expect(Set(pen.points.map(\.hash)).count == pen.points.count)
    }

    @Test("keeps transactions that are larger than a line whole", arguments: Conformer.installed)
    func large(conformer: Conformer) async throws {
        let folder = TestFolder()
        var pen = Pen(log: try conformer.make(in: folder.folder))
        try await pen.append(pen.records(3, documentSize: 3 << 20))
        #expect(try await pen.log.all(beyond: .beginning).map(\.record) == pen.written)
        #expect(try await pen.log.all(beyond: pen.points[1]).map(\.record) == [pen.written[2]])
    }

    @Test("takes no batch that goes on from another point, and knows none", arguments: Conformer.installed)
    func foreign(conformer: Conformer) async throws {
        let folder = TestFolder()
        var pen = Pen(log: try conformer.make(in: folder.folder))
        try await pen.append(pen.records(4))
        let other = ChainPoint(sequence: pen.log.tip.sequence, hash: .beginning)
        for point in [.beginning, pen.points[1], other] {
            guard case .refused(let error) = await pen.log.append(pen.records(1), after: point) else {
                Issue.record("a batch behind \(point) is not refused")
                continue
            }
            #expect(error is ForeignPoint)
        }
        await #expect(throws: ForeignPoint.self) { _ = try await pen.log.beyond(other) }
        #expect(pen.log.tip == pen.points.last)
        try await pen.append(pen.records(2))
        #expect(try await pen.log.all(beyond: .beginning).map(\.record) == pen.written)
    }

    @Test("gives times that never go back", arguments: Conformer.installed)
    func time(conformer: Conformer) throws {
        let folder = TestFolder()
        let log = try conformer.make(in: folder.folder)
        let times = (0..<1000).map { _ in log.now() }
        #expect(times == times.sorted())
    }

    @Test("takes nothing once it has been stopped, and says why", arguments: Conformer.installed)
    func stopped(conformer: Conformer) async throws {
        let folder = TestFolder()
        var pen = Pen(log: try conformer.make(in: folder.folder))
        try await pen.append(pen.records(2))
        pen.log.stop(for: DiskError(message: "the lock is gone"))
        await #expect(throws: (any Error).self) { try await pen.log.heal() }
        guard case .refused(let error) = await pen.log.append(pen.records(1), after: pen.log.tip) else {
            Issue.record("a batch is not refused")
            return
        }
        #expect("\(error)".contains("the lock is gone"))
        #expect(try await pen.log.all(beyond: .beginning).map(\.record) == pen.written)
    }

    @Test("takes nothing once it has ended", arguments: Conformer.installed)
    func ended(conformer: Conformer) async throws {
        let folder = TestFolder()
        var pen = Pen(log: try conformer.make(in: folder.folder))
        try await pen.append(pen.records(2))
        try await pen.log.end()
        await #expect(throws: (any Error).self) { try await pen.log.heal() }
        await #expect(throws: (any Error).self) { try await pen.log.sync() }
        guard case .refused = await pen.log.append(pen.records(1), after: pen.log.tip) else {
            Issue.record("a batch is not refused")
            return
        }
        guard case .counts([]) = await pen.log.append([], after: pen.log.tip) else {
            Issue.record("nothing does not count")
            return
        }
        try await pen.log.keep(from: 1)
        #expect(try await pen.log.all(beyond: .beginning).map(\.record) == pen.written)
    }

    @Test("gives back what it was given, of long texts the beginning", arguments: Conformer.installed)
    func long(conformer: Conformer) async throws {
        let folder = TestFolder()
        var pen = Pen(log: try conformer.make(in: folder.folder))
        let reason = String(repeating: "ü", count: 2000)
        try await pen.append(pen.records(1, reason: reason))
        let found = try await pen.log.all(beyond: .beginning).map(\.record)
        #expect(found == pen.written)
        #expect(found[0].reason.map { reason.hasPrefix($0) && $0.utf8.count == 1024 } == true)
    }
}
