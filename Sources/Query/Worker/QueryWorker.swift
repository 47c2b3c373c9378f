import CSystemShims
import DuckDB
import Foundation
import Records
import Tables

/// Carries out statements of users, in a process of its own: one after the other, as the server says by its socket.
package struct QueryWorker {
    /// What the hidden command is called that runs a worker; its argument is the number of the server's process.
    package static let command = "query-worker"
    /// The descriptor of the socket.
    private static let socket: Int32 = 0

    private var socket: FrameSocket
    private let settings: WorkerSettings
    private let database: WorkerDatabase
    /// The tables for the statements that follow, and those for the next one only.
    private var kept: WorkerTables
    private var passing: WorkerTables?
    private var statement: QueryStatement?
    /// Why the tables are not what they should be.
    private var unreadiness: String?

    /// Serves until the server is gone; only a process without other threads can be walled in.
    ///
    /// - Parameter parent: The number of the server's process.
    package static func run(parent: Int32) {
        no_close_from(Self.socket + 3)
        guard no_end_with_parent(parent) == 0 else { return }
        no_run_last()
        Self.offerItself()
        do {
            var worker = try QueryWorker()
            while true { try worker.serveNext() }
        } catch {
            do {
                try FrameSocket(Self.socket).send(QueryFailure(.unready, "the worker ends: \(error)").frame)
            } catch {
                // The server is gone.
            }
        }
    }

    private init() throws {
        socket = FrameSocket(Self.socket)
        settings = try WorkerSettings(socket.receive())
        no_leave_no_core()
        guard no_limit_resources(UInt64(settings.memory) + Self.overhead, UInt64(settings.fileSize)) == 0 else {
            throw BrokenConnection(description: "the limits cannot be set")
        }
        database = try WorkerDatabase(settings)
        try Self.raiseWalls(settings, database.attached)
        try database.close()
        kept = try WorkerTables(settings, database, base: nil)
    }

    /// Has the system end this process first, where there is too little memory for all (proc(5)).
    private static func offerItself() {
        guard let file = fopen("/proc/self/oom_score_adj", "w") else { return }
        fputs("1000", file)
        fclose(file)
    }

    /// What the program, DuckDB and its threads take beside the data.
    private static let overhead: UInt64 = 1 << 30

    /// What DuckDB looks at to find out how much memory there is; it ends the process where it may not.
    private static let readable = ["/proc/self/cgroup", "/sys/fs/cgroup"]

    private static func raiseWalls(_ settings: WorkerSettings, _ attached: AttachedData) throws {
        let paths = [settings.folder] + settings.linkedFiles + Self.readable + attached.paths
        var readable = paths.map { UnsafePointer(strdup($0)) } + [nil]
        defer { for path in readable { free(UnsafeMutablePointer(mutating: path)) } }
        let state = no_wall_in(settings.answers, &readable, attached.isRemote ? 1 : 0)
        guard state >= 0 else { throw BrokenConnection(description: "there is no wall around the folder") }
        // Other threads would be outside of it.
        guard state == 0 || no_thread_count() == 1 else {
            throw BrokenConnection(description: "a thread is not walled in")
        }
    }

    private mutating func serveNext() throws {
        let frame = try socket.receive()
        do {
            try serve(frame)
        } catch let error as BrokenConnection {
            throw error
        } catch {
            // Whoever waits for an answer next is told.
            unreadiness = unreadiness ?? "\(error)"
        }
    }

    private mutating func serve(_ frame: Frame) throws {
        switch frame.tag {
        case .prepare: try answer { try $0.prepare(QueryStatement(frame)) }
        case .base:
            let base = try BaseDescription(frame)
            let tables = try WorkerTables(settings, database, base: base.snapshot)
            if base.isKept { kept = tables } else { passing = tables }
        case .rows:
            let (kind, rows) = try ChangedRows.read(frame.payload)
            try tables.merge(kind, rows)
        case .past: try tables.setPast(PastDescription(frame))
        case .execute: try answer { try $0.execute(Execution(frame)) }
        case .start, .needs, .failed, .data, .end:
            throw BrokenConnection(description: "the server sends \(frame.tag)")
        }
    }

    private var tables: WorkerTables { passing ?? kept }

    /// Does what a client has asked for, and says why where it cannot be done.
    private mutating func answer(_ body: (inout QueryWorker) throws -> Void) throws {
        do {
            if let unreadiness { throw QueryFailure(.unready, unreadiness) }
            try body(&self)
        } catch let failure as QueryFailure {
            try socket.send(database.attached.told(failure).frame)
        } catch let error as DuckDBError {
            try socket.send(database.attached.told(QueryFailure(error, memory: settings.memory)).frame)
        } catch {
            if error is BrokenConnection { throw error }
            // The client must not wait for ever.
            try socket.send(QueryFailure(.unready, "\(error)").frame)
        }
    }

    private mutating func prepare(_ statement: QueryStatement) throws {
        let parser = database.connection
        let tree = try parser.query("SELECT json_serialize_sql(CAST($1 AS VARCHAR))", [.text(statement.sql)]).scalar()
        guard case .text(let tree)? = tree else { throw QueryFailure(.refused, "The statement has no tree.") }
        // What was meant for another statement, that was not carried out.
        passing = nil
        let needs = try StatementCheck.needs(
            of: tree,
            statement.sql,
            tables: WorkerTables.names,
            attachments: settings.attachmentNames
        )
        if !needs.attachments.isEmpty {
            if let failure = database.attached.failure { throw failure }
            try database.attached.check(needs)
        }
        self.statement = try Self.withoutEnd(statement, tree, parser)
        try socket.send(needs.frame)
    }

    /// A statement that can stand in parentheses: without the semicolon that ends it.
    private static func withoutEnd(
        _ statement: QueryStatement,
        _ tree: String,
        _ parser: Connection
    ) throws -> QueryStatement {
        var statement = statement
        while let last = statement.sql.last, last.isWhitespace || last == ";" { statement.sql.removeLast() }
        // Perhaps a comment stands behind it, which the tree does not have.
        if statement.sql.contains(";"),
            case .text(let sql)? = try parser.query("SELECT json_deserialize_sql(CAST($1 AS JSON))", [.text(tree)])
                .scalar()
        {
            statement.sql = sql
        }
        return statement
    }

    private mutating func execute(_ execution: Execution) throws {
        guard let statement else { throw BrokenConnection(description: "there is no statement to carry out") }
        let tables = tables
        defer {
            self.statement = nil
            passing = nil
        }
        try tables.run { connection in
            let deadline = Deadline(in: execution.timeLeft, of: connection.interruptHandle)
            defer { deadline.end() }
            do {
                let answer = try Answer(statement, on: connection, execution)
                try answer.write(file: tables.answerFile) { try socket.send(Frame(.data, $0)) }
                try socket.send(Frame(.end))
            } catch let error as DuckDBError where deadline.hasPassed && error.kind == .interrupted {
                throw QueryFailure(timedOut: .milliseconds(execution.timeLimit))
            }
        }
    }
}

extension QueryFailure {
    init(timedOut limit: Duration) {
        self.init(.timedOut, "The statement took longer than the \(limit.components.seconds) s that it may take.")
    }

    /// - Parameters:
    ///   - error: What DuckDB says of a statement of the client's.
    ///   - memory: The bytes that the statement may take.
    init(_ error: DuckDBError, memory: Int) {
        switch error.kind {
        case .outOfMemory:
            self.init(.outOfMemory, "The statement needs more than the \(memory >> 20) MiB of memory that it may have.")
        case .fatal, .fault: self.init(.broken, "The statement meets a fault of the engine.")
        case .io, .http: self.init(.unready, error.message)
        default: self.init(.failed, error.message)
        }
    }
}
