import Foundation
import Inventory
import Journal
import Records
import Scheduling
import Store
import Synchronization

/// The server's side of one query worker: has its process carry out a statement at a time.
actor Worker {
    private let program: String
    private let settings: WorkerSettings
    private let store: InventoryStore
    private let bases: QueryBases
    private let process = Mutex<WorkerProcess?>(nil)
    private var socket: FrameSocket?
    /// What the tables of the process that are kept begin with, and up to which number they have what changed since.
    private var tables: (base: QueryBases.Base, changes: Int, through: UInt64)?
    /// The snapshots that the statement reads.
    private var past: QueryBases.Lease?
    private nonisolated let executor = ThreadExecutor(label: "query")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// How many resources that have changed are laid over a base at most.
    static let maximumChanges = 50_000

    init(_ program: String, _ settings: WorkerSettings, _ store: InventoryStore, _ bases: QueryBases) {
        self.program = program
        self.settings = settings
        self.store = store
        self.bases = bases
    }

    /// Ends the process, whatever it is at.
    nonisolated func end() { process.withLock { $0?.end() } }

    /// Waits for the end of the process, which is near.
    ///
    /// - Returns: The signal that has ended it; 0 where it has ended by itself.
    func signal() -> Int32 { process.withLock(\.self)?.signal() ?? 0 }

    /// The number of the process in the system; nil before the first statement.
    nonisolated var identifier: Int32? { process.withLock { $0?.identifier } }

    // MARK: Statements

    /// Has a statement begun to be carried out; ``next()`` gives the answer.
    ///
    /// - Returns: The number of the transaction that the answer is as of.
    /// - Throws: ``QueryFailure``, ``Refusal``, ``BrokenConnection`` where the process is gone.
    func begin(_ request: QueryRequest, _ limits: QueryLimits, until deadline: ContinuousClock.Instant) async throws
        -> UInt64
    {
        try start()
        try send(QueryStatement(sql: request.sql, parameters: request.parameters).frame)
        let needs = try StatementNeeds(receive())
        let sequence = try await bringUpToDate(request.moment)
        if !needs.tables.isDisjoint(with: Self.pastTables) {
            let withChanges = needs.tables.contains(QueryTable.changes.name)
            try await sendPast(through: sequence, withChanges: withChanges, until: deadline)
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
            past = nil
            return nil
        }
        guard frame.tag == .data else { throw BrokenConnection(description: "the worker sends \(frame.tag)") }
        return frame.payload
    }

    /// Starts the process, on the thread that it ends with.
    private func start() throws {
        guard socket == nil else { return }
        let started = try WorkerProcess(program)
        process.withLock { $0 = started }
        socket = FrameSocket(started.socket)
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
            return try await follow(to: store.journal.announced)
        }
        let then = try await store.changes.sequence(of: moment)
        let (base, changes) = try await bases.base(at: then, limit: Self.maximumChanges)
        past = base.lease
        try send(BaseDescription(snapshot: base.snapshot, isKept: false).frame)
        for frame in ChangedRows.frames(of: changes) { try send(frame) }
        return then
    }

    private func follow(to now: UInt64) async throws -> UInt64 {
        if let tables, tables.through <= now {
            let limit = Self.maximumChanges - tables.changes
            if let new = try await store.changes.changes(after: tables.through, through: now, limit: limit) {
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

    private static let pastTables = Set(
        [QueryTable.snapshots.name, QueryTable.changes.name] + Kind.allCases.map(\.historyTableName)
    )

    private func sendPast(
        through sequence: UInt64,
        withChanges: Bool,
        until deadline: ContinuousClock.Instant
    ) async throws {
        let (snapshots, lease) = try await bases.past(through: sequence)
        past = lease
        let files = withChanges ? try await bases.changeFiles(through: sequence, until: deadline) : []
        try send(PastDescription(snapshots: snapshots, changeFiles: files, sequence: sequence).frame)
    }
}
