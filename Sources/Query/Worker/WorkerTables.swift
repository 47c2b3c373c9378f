import DuckDB
import Foundation
import Inventory
import Records
import Tables

/// The tables that statements read: views over the files of a snapshot, with what has changed since laid over them.
///
/// Nothing is loaded: DuckDB reads of the files what a statement asks for.
final class WorkerTables {
    private let settings: WorkerSettings
    private let catalog: WorkerCatalog
    private var connection: Connection { catalog.connection }
    /// For each kind a SELECT of what the base has; those it does not have are left out.
    private var bases: [Kind: String] = [:]
    /// The resources that have changed since.
    private var changed: [Kind: Set<UUID>] = [:]

    /// The tables that there are, in lower case.
    static let names = Set(QueryTable.all.map { $0.name.lowercased() })

    /// Has the identifiers of the resources of a kind that have changed.
    private static func changedTable(_ kind: Kind) -> String { "\(kind.name).changed" }

    private var folder: URL { URL(filePath: settings.folder, directoryHint: .isDirectory) }

    /// - Parameter base: The id of a snapshot in the folder; nil for the empty inventory.
    init(_ settings: WorkerSettings, _ database: WorkerDatabase, base: String?) throws {
        self.settings = settings
        catalog = try database.makeCatalog()
        try connection.execute(ResourceTable.createRemovalStatement)
        let snapshot = try base.map { try SnapshotFolder(folder).snapshot($0) }
        for table in ResourceTable.all {
            if let snapshot, let selection = try SnapshotSelection(table, in: snapshot, on: connection) {
                bases[table.kind] = "SELECT \(table.publicColumns) FROM (\(selection.sqlWithoutSecrets))"
            }
            try connection.execute(
                """
                \(table.createStatement)
                CREATE TABLE \(Self.changedTable(table.kind).quotedIdentifier)(id VARCHAR);
                """
            )
            try defineView(table)
        }
        for flat in FlatTable.all {
            try connection.execute("CREATE VIEW \(flat.field.quotedIdentifier) AS \(flat.selection)")
        }
        for (name, selection) in database.attached.selections {
            try connection.execute("CREATE VIEW \(name.quotedIdentifier) AS \(selection)")
        }
        try setPast(PastDescription(snapshots: [], sequence: 0))
    }

    private func defineView(_ table: ResourceTable) throws {
        let rows = "SELECT \(table.publicColumns) FROM \(table.name)"
        var selection = bases[table.kind] ?? rows
        if bases[table.kind] != nil, changed[table.kind] != nil {
            selection =
                "SELECT base.* FROM (\(selection)) AS base ANTI JOIN "
                + "\(Self.changedTable(table.kind).quotedIdentifier) AS changed ON base.\(table.identifier) = changed.id "
                + "UNION ALL \(rows)"
        }
        try connection.execute("CREATE OR REPLACE VIEW \(table.kind.tableName) AS \(selection)")
    }

    /// Lays what resources have become over what the base has of them.
    func merge(_ kind: Kind, _ rows: [(id: UUID, stored: StoredResource?)]) throws {
        let table = ResourceTable.of(kind)
        let isFirst = changed[kind] == nil
        let new = rows.filter { !changed[kind, default: []].contains($0.id) }
        try connection.transaction {
            try table.merge(rows, on: connection)
            let appender = try Appender(connection, table: Self.changedTable(kind))
            for (id, _) in new {
                try appender.append(id.lowercased)
                try appender.endRow()
            }
            try appender.close()
        }
        changed[kind, default: []].formUnion(new.map(\.id))
        if isFirst { try defineView(table) }
    }

    // MARK: The past

    /// Says which snapshots and changes there are.
    func setPast(_ past: PastDescription) throws {
        let snapshots = try past.history.map { try SnapshotFolder(folder).snapshot($0) }
        for table in ResourceTable.all {
            let parts = try snapshots.compactMap { snapshot -> String? in
                guard let selection = try SnapshotSelection(table, in: snapshot, on: connection) else { return nil }
                return "SELECT \(snapshot.id.quotedLiteral) AS \(QueryTable.snapshotColumn), "
                    + "\(Self.time(snapshot.manifest.createdAt)) AS \(QueryTable.takenAtColumn), \(table.publicColumns) "
                    + "FROM (\(selection.sqlWithoutSecrets))"
            }
            let none =
                "SELECT NULL::VARCHAR AS \(QueryTable.snapshotColumn), "
                + "NULL::TIMESTAMPTZ AS \(QueryTable.takenAtColumn), \(table.publicColumns) FROM \(table.name) LIMIT 0"
            let selection = parts.isEmpty ? none : parts.joined(separator: " UNION ALL ")
            try connection.execute("CREATE OR REPLACE VIEW \(table.kind.historyTableName) AS \(selection)")
        }
        try connection.execute(
            """
            CREATE OR REPLACE TABLE \(QueryTable.snapshots.name)(\(QueryTable.snapshots.definitions));
            \(past.snapshots.map(Self.insertion).joined(separator: "\n"))
            """
        )
        try setChanges(past)
    }

    /// A moment as SQL writes it.
    private static func time(_ text: String) -> String { "CAST(\(text.quotedLiteral) AS TIMESTAMPTZ)" }

    private static func insertion(of snapshot: ListedSnapshot) -> String {
        "INSERT INTO \(QueryTable.snapshots.name) VALUES (\(snapshot.id.quotedLiteral), \(time(snapshot.takenAt)), "
            + "\(snapshot.sequence), \(snapshot.size), \(snapshot.resources));"
    }

    private func setChanges(_ past: PastDescription) throws {
        let columns = QueryTable.changes.columns
        var selection =
            columns.map { "NULL::\($0.type) AS \($0.name.quotedIdentifier)" }.joined(separator: ", ") + " LIMIT 0"
        if !past.changeFiles.isEmpty {
            let files = past.changeFiles.map { folder.appending(path: $0).path.quotedLiteral }.joined(separator: ", ")
            selection =
                columns.map { "\($0.name.quotedIdentifier)::\($0.type) AS \($0.name.quotedIdentifier)" }
                .joined(separator: ", ")
                + " FROM read_parquet([\(files)], hive_partitioning = false) WHERE sequence <= \(past.sequence)"
        }
        try connection.execute("CREATE OR REPLACE VIEW \(QueryTable.changes.name) AS SELECT \(selection)")
    }

    // MARK: Statements

    /// Where an answer is that is a file.
    var answerFile: URL { URL(filePath: settings.answers).appending(path: "answer.parquet") }

    /// Does something on a connection of its own.
    func run(_ body: (Connection) throws -> Void) throws {
        try body(catalog.connect())
    }
}

extension QueryTable {
    /// The columns as a CREATE TABLE has them.
    fileprivate var definitions: String {
        columns.map { "\($0.name.quotedIdentifier) \($0.type)" }.joined(separator: ", ")
    }
}

extension ResourceTable {
    /// The columns that statements see.
    fileprivate var publicColumns: String {
        (columns.map(\.name.quotedIdentifier) + [Self.versionColumn]).joined(separator: ", ")
    }
}
