import DuckDB
import Foundation
import Inventory
import Logging
import Schema
import Synchronization

/// The resources as DuckDB tables, for everything that concerns many of them.
///
/// Changes wait in ``pending`` and are merged in batches: before a query or a snapshot, when many wait, and every
/// fraction of a second. Of several changes to one resource only the last is merged.
actor Projection {
    nonisolated let database: Database
    private let connection: Connection
    private let logger: Logger
    private nonisolated let executor = SerialQueueExecutor(label: "projection")
    private nonisolated let pending = Mutex(Pending())

    private struct Pending {
        var resources: [ResourceID: StoredResource?] = [:]
        /// Sequence number up to which every change is here or merged.
        var through: UInt64 = 0
        /// The last transaction that changed anything of a kind.
        var lastChanges: [Kind: UInt64] = [:]
    }

    /// How many changed resources may wait before writers wait for a merge.
    static let maximumPending = 16_384

    /// How many are merged in one transaction of DuckDB's.
    private static let maximumMerged = 65_536

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter temporaryDirectory: Where DuckDB puts what does not fit into memory.
    init(temporaryDirectory: URL, logger: Logger) throws(DuckDBError) {
        self.logger = logger
        database = try Database(
            configuration: [
                "temp_directory": temporaryDirectory.path, "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            ]
        )
        connection = try database.connect()
        try connection.execute("SET GLOBAL TimeZone = 'UTC';")
        try connection.execute(ProjectionTable.createStagingStatement)
        for table in ProjectionTable.all {
            try connection.execute(table.createStatement)
        }
    }

    /// Takes note of a transaction; the next merge carries it out.
    nonisolated func enqueue(_ changes: [Change], through sequence: UInt64) {
        pending.withLock { pending in
            for change in changes {
                pending.resources[change.resource] = .some(change.stored)
                pending.lastChanges[change.resource.kind] = sequence
            }
            pending.through = sequence
        }
    }

    private nonisolated var isFarBehind: Bool {
        pending.withLock { $0.resources.count > Self.maximumPending }
    }

    /// Says that nothing waits and what the last transaction was.
    nonisolated func begin(at sequence: UInt64) {
        pending.withLock { $0.through = sequence }
    }

    /// Merges the changes that wait when there are so many that writers should wait for it.
    ///
    /// A merge that fails is tried again by the next one; whoever reads then gets the reason.
    nonisolated func catchUpIfFarBehind() async {
        guard isFarBehind else { return }
        do {
            try await catchUp()
        } catch {
            logger.error("changes cannot be merged into DuckDB", metadata: ["reason": "\(error)"])
        }
    }

    /// Merges all changes that wait.
    ///
    /// - Returns: The sequence number of the last transaction that is merged.
    /// - Throws: When DuckDB cannot merge; the changes go on waiting.
    @discardableResult
    func catchUp() throws -> UInt64 {
        try mergePending().through
    }

    /// Merges all changes that wait, and returns them.
    private func mergePending() throws -> Pending {
        let batch = pending.withLock { pending in
            let batch = pending
            pending.resources = [:]
            return batch
        }
        do {
            try merge(batch.resources)
        } catch {
            pending.withLock { $0.resources.merge(batch.resources) { newer, _ in newer } }
            throw error
        }
        return batch
    }

    private func merge(_ resources: [ResourceID: StoredResource?]) throws {
        let byKind = Dictionary(grouping: resources, by: \.key.kind)
        for table in ProjectionTable.all {
            guard let changed = byKind[table.kind] else { continue }
            // Nobody looks in between, and what was merged can be merged again.
            for start in stride(from: 0, to: changed.count, by: Self.maximumMerged) {
                let piece = changed[start..<min(start + Self.maximumMerged, changed.count)]
                try connection.transaction {
                    try table.merge(piece.map { ($0.key.id, $0.value) }, on: connection)
                }
            }
        }
    }

    /// The resources that match a search, all as of one moment.
    func search(_ search: Search, in directory: Directory) throws -> SearchResult {
        let sequence = try catchUp()
        return try connection.transaction {
            try SearchReader(connection: connection, directory: directory, sequence: sequence).result(of: search)
        }
    }

    /// How many resources match a search.
    func count(_ search: Search, in directory: Directory) throws -> Int {
        let sequence = try catchUp()
        return try SearchReader(connection: connection, directory: directory, sequence: sequence).count(search)
    }

    /// Leaves one of the machine's processors to the requests, so that a snapshot or a search does not hold them up.
    func leaveRoom() throws(DuckDBError) {
        let threads = max(1, ProcessInfo.processInfo.activeProcessorCount - 1)
        try connection.execute("SET GLOBAL threads = \(threads)")
    }

    /// The tables as they are now, seen by a connection of its own.
    struct Frozen {
        /// In a transaction.
        var connection: Connection
        /// The last transaction that it sees.
        var sequence: UInt64
        /// The last transaction that changed anything of a kind, where any since the start did.
        var lastChanges: [Kind: UInt64]
    }

    func freeze() throws -> sending Frozen {
        let merged = try mergePending()
        let connection = try database.connect()
        // DuckDB begins the transaction in a database when it is first read, not at BEGIN.
        try connection.execute("BEGIN TRANSACTION; SELECT 1 FROM \(ProjectionTable.all[0].name) LIMIT 0;")
        return Frozen(connection: connection, sequence: merged.through, lastChanges: merged.lastChanges)
    }

    /// Fills the tables from the Parquet files of a snapshot, and the directory from the tables.
    ///
    /// - Throws: When the files do not hold what they should; tables and directory are then empty.
    func restore(_ snapshot: Snapshot, into directory: Directory) throws {
        var unknown: Set<String> = []
        do {
            try connection.transaction {
                for table in ProjectionTable.all {
                    let selection = try SnapshotSelection(table, file: snapshot.file(of: table.kind), on: connection)
                    unknown.formUnion(selection.unknownFields.map { "\(table.kind.rawValue).\($0)" })
                    try connection.execute("INSERT INTO \(table.name) \(selection.sql)")
                    let rows = snapshot.manifest.rows(of: table.kind)
                    let found = try connection.query("SELECT count(*) FROM \(table.name)").scalar()
                    guard found == .int(Int64(rows)) else {
                        throw SnapshotError.damaged("\(Snapshot.fileName(of: table.kind)) has not \(rows) rows")
                    }
                    directory.reserve(table.kind, count: rows)
                    try table.forEachChunk(connection.query("SELECT * FROM \(table.name)"), directory.apply)
                }
            }
        } catch {
            directory.removeAll()
            throw error
        }
        JournalReplay.report(unknown, logger)
    }
}
