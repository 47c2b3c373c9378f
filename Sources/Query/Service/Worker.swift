import Foundation
import Inventory
import Journal
import Records
import Scheduling
import Store
import Synchronization
import Tables

/// The server's side of one query worker: has its process carry out a statement at a time.
actor Worker {
    private let settings: WorkerSettings
    private let source: QuerySource
    private let bases: QueryBases
    private let expiry: ContinuousClock.Instant?
    private let state = Mutex(State())
    private var socket: FrameSocket?
    /// What the tables of the process that are kept begin with, and up to which number they have what changed since.
    private var tables: (base: QueryBases.Base, changes: Int, through: UInt64)?
    /// What the statement is about.
    private var needs = StatementNeeds(tables: [])
    /// What the statement reads.
    private var leases: [QueryBases.Lease] = []
    private nonisolated let executor = ThreadExecutor(label: "query")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private struct State {
        var process: WorkerProcess?
        /// Where the process may write.
        var answers: URL?
        /// Whether the process is to be ended, also when it is only about to be started.
        var hasEnded = false
    }

    /// How many resources that have changed are laid over a base at most.
    static let maximumChanges = 50_000

    /// Whether it is used no more.
    nonisolated var isStale: Bool { expiry.map { $0 < .now } ?? false }

    /// - Parameter expiry: When what it has attached is no longer as it should be; nil for never.
    init(
        _ settings: WorkerSettings,
        _ source: QuerySource,
        _ bases: QueryBases,
        until expiry: ContinuousClock.Instant?
    ) {
        self.expiry = expiry
        self.settings = settings
        self.source = source
        self.bases = bases
    }

    /// Ends the process, whatever it is at.
    nonisolated func end() {
        let process = state.withLock { state in
            state.hasEnded = true
            return state.process
        }
        process?.end()
    }

    /// Waits for the end of the process, which is near.
    ///
    /// - Returns: The signal that has ended it, 0 where it has ended by itself, and the most memory that it had in bytes.
    func death() -> (signal: Int32, memory: Int) { state.withLock(\.process)?.death() ?? (0, 0) }

    /// The number of the process in the system; nil before the first statement.
    nonisolated var identifier: Int32? { state.withLock { $0.process?.identifier } }

    /// Where the process writes answers; nil before the first statement.
    nonisolated var answers: URL? { state.withLock(\.answers) }

    // MARK: Statements

    /// The names of what the worker attaches.
    nonisolated var attachments: Set<String> { Set(settings.attachments.map(\.name)) }

    /// Has a statement looked at.
    ///
    /// - Returns: The names of the attached data that it reads.
    /// - Throws: ``QueryFailure``, ``Refusal``, ``BrokenConnection`` where the process is gone.
    func prepare(_ request: QueryRequest) throws -> Set<String> {
        leases = []
        try start()
        try send(QueryStatement(sql: request.sql, parameters: request.parameters).frame)
        needs = try StatementNeeds(receive())
        return needs.attachments
    }

    /// Has the statement begun to be carried out that has been looked at; ``next()`` gives the answer.
    ///
    /// - Returns: The number of the transaction that the answer is as of.
    /// - Throws: ``QueryFailure``, ``Refusal``, ``BrokenConnection`` where the process is gone.
    func begin(_ request: QueryRequest, _ limits: QueryLimits, until deadline: ContinuousClock.Instant) async throws
        -> UInt64
    {
        let sequence = try await bringUpToDate(request.moment)
        if !needs.tables.isDisjoint(with: Self.pastTables) {
            try await sendPast(of: needs.tables, through: sequence, until: deadline)
        }
        let execution = Execution(
            format: request.format,
            rowLimit: limits.rows,
            byteLimit: limits.size,
            timeLimit: Int(limits.time.milliseconds),
            timeLeft: Int(max(.zero, deadline - .now).milliseconds),
            sequence: sequence
        )
        try send(execution.frame)
        return sequence
    }

    /// The next piece of the answer; nil at its end.
    func next() throws -> [UInt8]? {
        let frame = try receive()
        if frame.tag == .end {
            leases = []
            return nil
        }
        guard frame.tag == .data else { throw BrokenConnection(description: "the worker sends \(frame.tag)") }
        return frame.payload
    }

    /// Starts the process, on the thread that it ends with.
    ///
    /// - Throws: ``Refusal`` where the system has no room for it; ``BrokenConnection`` where it is not wanted any more.
    private func start() throws {
        guard socket == nil else { return }
        var settings = settings
        let answers = try answers ?? source.folder.makeAnswers()
        settings.answers = answers.path
        state.withLock { $0.answers = answers }
        let process = try WorkerProcess()
        let isWanted = state.withLock { state in
            state.process = process
            return !state.hasEnded
        }
        guard isWanted else {
            process.end()
            throw BrokenConnection.closed
        }
        socket = FrameSocket(process.socket)
        try send(settings.frame)
    }

    private func send(_ frame: Frame) throws(BrokenConnection) {
        guard let socket else { throw .closed }
        try socket.send(frame)
    }

    /// - Throws: ``QueryFailure`` where the process says so.
    private func receive() throws -> Frame {
        guard let frame = try socket?.receive() else { throw BrokenConnection.closed }
        if frame.tag == .failed { throw try QueryFailure(frame) }
        return frame
    }

    // MARK: Tables

    /// Has the tables be as of a moment.
    ///
    /// - Returns: The number of the last transaction that they have.
    private func bringUpToDate(_ moment: Moment?) async throws -> UInt64 {
        guard let moment else {
            // Whatever has been answered by now is announced.
            return try await follow(to: source.newest())
        }
        let then = try await source.changes.sequence(of: moment)
        let (base, changes) = try await bases.base(at: then, limit: Self.maximumChanges)
        if let lease = base.lease { leases.append(lease) }
        try send(BaseDescription(snapshot: base.snapshot, isKept: false).frame)
        for frame in ChangedRows.frames(of: changes) { try send(frame) }
        return then
    }

    private func follow(to now: UInt64) async throws -> UInt64 {
        if let tables, tables.through <= now {
            let limit = Self.maximumChanges - tables.changes
            if let new = try await source.changes.changes(after: tables.through, through: now, limit: limit) {
                for frame in ChangedRows.frames(of: new) { try send(frame) }
                self.tables = (tables.base, tables.changes + new.count, now)
                return now
            }
        }
        let (base, through, changes) = try await bases.newest(through: now, limit: Self.maximumChanges / 2)
        try send(BaseDescription(snapshot: base.snapshot, isKept: true).frame)
        for frame in ChangedRows.frames(of: changes) { try send(frame) }
        tables = (base, changes.count, through)
        return through
    }

    private static let historyTables = Set(Kind.allCases.map(\.historyTableName))
    private static let pastTables = historyTables.union([QueryTable.snapshots.name, QueryTable.changes.name])

    private func sendPast(
        of tables: Set<String>,
        through sequence: UInt64,
        until deadline: ContinuousClock.Instant
    ) async throws {
        let snapshots = try await bases.past(through: sequence)
        var past = PastDescription(snapshots: snapshots.map(ListedSnapshot.init), sequence: sequence)
        if !tables.isDisjoint(with: Self.historyTables) {
            let history = try await bases.history(snapshots, until: deadline)
            past.history = history.ids
            leases += history.leases
        }
        if tables.contains(QueryTable.changes.name) {
            let changes = try await bases.changeFiles(through: sequence, until: deadline)
            past.changeFiles = changes.names
            leases.append(changes.lease)
        }
        try send(past.frame)
    }
}

extension ListedSnapshot {
    fileprivate init(_ snapshot: Snapshot) {
        let manifest = snapshot.manifest
        self.init(
            id: snapshot.id,
            takenAt: manifest.createdAt,
            sequence: manifest.sequence,
            size: manifest.size,
            resources: manifest.resourceCount
        )
    }
}
