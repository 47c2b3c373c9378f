import CSystemShims
import DuckDB
import Foundation
import Inventory
import Logging
import Records
import Scheduling
import Synchronization
import Tables

/// The resources as DuckDB tables, for everything that concerns many of them.
///
/// Changes wait in ``pending`` and are merged in batches: before a query or a snapshot, when many wait, and every
/// second. Of several changes to one resource only the last is merged.
actor Projection {
    nonisolated let database: Database
    private let connection: Connection
    private let logger: Logger
    private nonisolated let executor = ThreadExecutor(label: "projection")
    private nonisolated let pending = Mutex(Pending())
    /// What the tables are yet to be filled with: a snapshot, or else the directory that has it.
    private var unfilled: (snapshot: Snapshot, directory: Directory)?
    /// Whether resources that are new may be in the tables already.
    private var mergesAllAsKnown = false
    /// How many rows have been written since the tables were compressed.
    private var mergedCount = 0

    private struct Pending {
        /// In the order in which they came.
        var changes: [[Row]] = []
        /// How many those are.
        var count = 0
        /// How many they were when it was looked last.
        var countBefore = 0
        /// The transaction up to which every change is here or merged.
        var through = ChainPoint.beginning
        /// The last transaction that changed anything of a kind, where any since the start did.
        var lastChanges: [Kind: ChainPoint] = [:]
        /// The last transaction before.
        var start = ChainPoint.beginning
    }

    /// What becomes of a row.
    private struct Row {
        var resource: ResourceID
        /// Nil when it is to go.
        var stored: StoredResource?
        /// Whether the table has no row of the resource.
        var isNew: Bool
    }

    /// How many changes may wait before writers wait for a merge.
    private static let maximumPending = 393_216

    /// How many rows the tables are filled with before a start is done; with more they are filled behind it.
    static let maximumAtStart = 16_384

    /// How many rows are worth compressing.
    private static let compressedSize = 16_384

    /// How many changes since the last look are a rush: merged in many small batches they would take twice as long.
    private static let rush = 4096
    /// How many are merged at once in a rush: with a node and a BMC each, more rows of both than DuckDB has in a row
    /// group, 122,880. So many new ones become part of the table as they are; fewer are copied there once more.
    private static let rushBatch = 262_144

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter temporaryDirectory: Where DuckDB puts what does not fit into memory.
    init(temporaryDirectory: URL, logger: Logger) throws(DuckDBError) {
        self.logger = logger
        database = try Database(
            configuration: [
                "temp_directory": temporaryDirectory.path, "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false", "allocator_background_threads": "true",
            ].merging(HelperThread.settings(threads: ProcessInfo.processInfo.activeProcessorCount)) { $1 }
        )
        connection = try database.connect()
        try connection.execute("SET GLOBAL TimeZone = 'UTC';")
        try connection.execute(ResourceTable.createRemovalStatement)
        for table in ResourceTable.all {
            try connection.execute(table.createStatement)
        }
    }

    /// Takes note of a transaction; the next merge carries it out.
    nonisolated func enqueue(_ changes: [Change], through position: ChainPoint) {
        let rows = changes.map { Row(resource: $0.resource, stored: $0.stored, isNew: $0.indexBefore == nil) }
        pending.withLock { pending in
            pending.changes.append(rows)
            pending.count += rows.count
            for row in rows { pending.lastChanges[row.resource.kind] = position }
            pending.through = position
        }
    }

    private nonisolated var isFarBehind: Bool {
        pending.withLock { $0.count > Self.maximumPending }
    }

    /// Says what the last transaction was.
    nonisolated func begin(at position: ChainPoint) {
        pending.withLock { pending in
            pending.through = position
            pending.start = position
        }
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

    /// Merges all changes that wait, unless so many come that they are better merged in larger batches; compresses the
    /// tables when none do.
    func lookAfter() throws {
        let (isRushed, isIdle) = pending.withLock { pending in
            defer { pending.countBefore = pending.count }
            let isRushed = pending.count - pending.countBefore >= Self.rush && pending.count < Self.rushBatch
            return (isRushed, pending.count == 0)
        }
        if !isRushed { try catchUp() }
        if isIdle { compress() }
    }

    /// Merges all changes that wait.
    ///
    /// - Returns: The sequence number of the last transaction that is merged.
    /// - Throws: When DuckDB cannot merge; the changes go on waiting.
    @discardableResult
    func catchUp() throws -> UInt64 {
        try mergePending().through.sequence
    }

    /// Merges all changes that wait, and returns them.
    private func mergePending() throws -> Pending {
        try fill()
        let batch = pending.withLock { pending in
            let batch = pending
            pending.changes = []
            pending.count = 0
            pending.countBefore = 0
            return batch
        }
        do {
            try merge(batch.changes)
        } catch {
            // What was merged can be merged again, when it is no longer taken for new.
            let again = batch.changes.map { $0.map { Row(resource: $0.resource, stored: $0.stored, isNew: false) } }
            pending.withLock { pending in
                pending.changes = again + pending.changes
                pending.count += batch.count
            }
            throw error
        }
        return batch
    }

    private func merge(_ changes: [[Row]]) throws {
        var rows = Kind.allCases.map { _ in [Row]() }
        var places: [ResourceID: Int] = [:]
        places.reserveCapacity(changes.reduce(0) { $0 + $1.count })
        for row in changes.joined() {
            let kind = row.resource.kind.number
            if let place = places[row.resource] {
                rows[kind][place].stored = row.stored
            } else {
                places[row.resource] = rows[kind].count
                rows[kind].append(row)
            }
        }
        for table in ResourceTable.all {
            let rows = rows[table.kind.number]
            guard !rows.isEmpty else { continue }
            // Nobody looks in between.
            try connection.transaction {
                if !mergesAllAsKnown, rows.allSatisfy(\.isNew) {
                    try table.insert(rows.compactMap(\.stored), on: connection)
                } else {
                    try table.merge(rows.map { ($0.resource.id, $0.stored) }, on: connection)
                }
            }
            mergedCount += rows.count
        }
    }

    /// The tables as they are at one moment, seen by a connection of its own.
    struct PinnedTables {
        /// In a transaction.
        var connection: Connection
        /// The last transaction that it sees.
        var position: ChainPoint
        /// The last transaction that changed anything of a kind, where any since the start did.
        fileprivate(set) var lastChanges: [Kind: ChainPoint]
        fileprivate let start: ChainPoint

        /// The last transaction that changed or removed anything of some kinds; after a start the last one there was.
        func lastChange(of kinds: [Kind]) -> ChainPoint {
            kinds.reduce(.beginning) { last, kind in
                let next = lastChanges[kind] ?? start
                return next.sequence > last.sequence ? next : last
            }
        }
    }

    /// Has a connection see the tables as they are now, with every change that waits, whatever is merged later.
    func pin() throws -> sending PinnedTables {
        let merged = try mergePending()
        let connection = try database.connect()
        // DuckDB begins the transaction in a database when it is first read, not at BEGIN.
        try connection.execute("BEGIN TRANSACTION; SELECT 1 FROM \(ResourceTable.all[0].name) LIMIT 0;")
        return PinnedTables(
            connection: connection,
            position: merged.through,
            lastChanges: merged.lastChanges,
            start: merged.start
        )
    }

    // MARK: Loading

    /// Fills the directory from the Parquet files of a snapshot. The tables are filled by the next merge.
    ///
    /// - Returns: Fields of the files that this version does not have, as paths such as `ComputeNode.bmc.colour`.
    /// - Throws: When the files do not hold what they should; the directory is then empty.
    func load(_ snapshot: Snapshot, into writer: DirectoryWriter) throws -> Set<String> {
        // In whatever order DuckDB reads them, which costs it less; for all connections.
        try connection.execute("SET GLOBAL preserve_insertion_order = false")
        // All kinds at once: the last rows of one keep a single processor busy.
        let unknown = onAllProcessors(ResourceTable.all.count) { index -> [String] in
            let table = ResourceTable.all[index]
            let connection = try database.connect()
            guard let selection = try SnapshotSelection(table, in: snapshot, on: connection) else { return [] }
            try table.load(selection, of: snapshot, on: connection, into: writer)
            return selection.unknownFields.map { "\(table.kind.name).\($0)" }
        }
        do {
            let fields = try unknown.reduce(into: Set()) { $0.formUnion(try $1.get()) }
            unfilled = (snapshot, writer.directory)
            return fields
        } catch {
            writer.removeAll()
            throw error
        }
    }

    /// Fills the tables with what was loaded.
    private func fill() throws {
        guard let (snapshot, directory) = unfilled else { return }
        if !mergesAllAsKnown {
            do {
                try insert(snapshot)
            } catch {
                logger.warning(
                    "a snapshot cannot be read any more; the tables are filled from memory",
                    metadata: ["snapshot": "\(snapshot.id)", "reason": "\(error)"]
                )
                mergesAllAsKnown = true
            }
        }
        if mergesAllAsKnown {
            // Among them are changes that wait, those that create resources too.
            try merge(
                Kind.allCases.map { kind in
                    directory.all(kind).map { Row(resource: ResourceID(kind, $0.id), stored: $0.stored, isNew: false) }
                }
            )
        }
        unfilled = nil
    }

    private func insert(_ snapshot: Snapshot) throws {
        try connection.transaction {
            for table in ResourceTable.all {
                guard let selection = try SnapshotSelection(table, in: snapshot, on: connection) else { continue }
                try connection.execute("INSERT INTO \(table.name) \(selection.sql)")
            }
        }
        mergedCount += snapshot.manifest.resourceCount
    }

    // MARK: Memory

    /// Compresses the tables when nothing waits and much has been merged, and gives memory back.
    private func compress() {
        guard mergedCount >= Self.compressedSize else { return }
        do throws(DuckDBError) {
            try connection.compress()
            mergedCount = 0
            no_return_memory()
        } catch {
            // A snapshot or a question about the past looks at the tables; the next idle moment will do.
            logger.debug("the tables are not compressed now", metadata: ["reason": "\(error)"])
        }
    }
}
