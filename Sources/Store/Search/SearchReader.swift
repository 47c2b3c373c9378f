import DuckDB
import Foundation
import Inventory
import Records
import Tables

/// Carries out searches on a connection, in a transaction that sees one moment.
///
/// DuckDB says which resources match; their documents are those of the directory, unless they have changed since.
struct SearchReader {
    private let tables: Projection.PinnedTables
    let directory: Directory
    /// The number of the last transaction that is seen, where that is not the last of the tables.
    private let moment: UInt64?
    /// What stands for the tables before the statement, where the moment is not that of the tables.
    private var definitions = ""
    /// Resources that are otherwise at the moment than in the tables.
    private var states: [ResourceID: StoredResource] = [:]

    /// - Parameter moment: The number of the last transaction that is to be seen; nil for the last of the tables.
    init(_ tables: Projection.PinnedTables, _ directory: Directory, at moment: UInt64? = nil) {
        self.tables = tables
        self.directory = directory
        self.moment = moment
    }

    private var connection: Connection { tables.connection }

    /// Looks at the inventory as it was.
    ///
    /// - Parameters:
    ///   - changed: The resources that may have been otherwise.
    ///   - states: What they were; those that were not there are left out.
    mutating func goBack(to states: [ResourceID: StoredResource], changed: Set<ResourceID>) throws {
        guard !changed.isEmpty else { return }
        self.states = states
        try connection.execute("CREATE TEMP TABLE changed(id VARCHAR);")
        let appender = try Appender(connection, table: "changed")
        for id in changed {
            try appender.append(id.id.lowercased)
            try appender.endRow()
        }
        try appender.close()
        var tables: [String] = []
        for (kind, ids) in Dictionary(grouping: changed, by: \.kind) {
            let table = ResourceTable.of(kind)
            try connection.execute(table.createTemporaryStatement)
            try table.insert(ids.compactMap { states[$0] }, catalog: "temp", on: connection)
            tables.append(
                "\(table.name) AS (SELECT * FROM memory.main.\(table.name) "
                    + "WHERE \(table.identifier) NOT IN (SELECT id FROM changed) "
                    + "UNION ALL SELECT * FROM temp.main.\(table.name))"
            )
        }
        definitions = "WITH \(tables.joined(separator: ", ")) "
    }

    func result(of search: Search) throws -> SearchResult {
        let table = ResourceTable.of(search.kind)
        let (sql, values) = search.statement(
            selecting: "\(table.identifier), \(ResourceTable.versionColumn)",
            past: definitions
        )
        let rows = try connection.query(sql, values)
        var resources: [(id: UUID, stored: StoredResource)] = []
        var stale: [Int] = []
        while let chunk = try rows.nextChunk() {
            let (ids, versions) = (chunk[0], chunk[1])
            for row in 0..<chunk.count {
                guard let id = ids.identifier(row) else { preconditionFailure("an identifier is a UUID") }
                let found = states[ResourceID(search.kind, id)] ?? directory.resource(search.kind, id: id)
                let version = versions.uint64(row)
                if found?.version != version { stale.append(resources.count) }
                resources.append((id, found ?? StoredResource(document: [], version: version)))
            }
        }
        if !stale.isEmpty {
            let current = try read(stale.map { resources[$0].id }, of: table)
            for index in stale {
                guard let stored = current[resources[index].id] else {
                    preconditionFailure("a row that was selected is there in the same transaction")
                }
                resources[index].stored = stored
            }
        }
        var next: SearchCursor?
        if let limit = search.limit, resources.count > limit {
            resources.removeLast(resources.count - limit)
            next = resources.last.map { search.order.position(of: $0.stored, $0.id) }
        }
        return SearchResult(
            resources: ResourceList(resources),
            next: next,
            sequence: sequence,
            // What the past was is told by all of the history.
            lastChange: moment == nil ? tables.lastChange(of: search.kinds) : tables.position
        )
    }

    func count(_ search: Search) throws -> (count: Int, sequence: UInt64) {
        let (sql, values) = search.countStatement(past: definitions)
        guard case .int(let count)? = try connection.query(sql, values).scalar() else {
            preconditionFailure("count(*) is an integer")
        }
        return (Int(count), sequence)
    }

    /// The number of the last transaction that is seen.
    private var sequence: UInt64 { moment ?? tables.position.sequence }

    /// Reads resources from the rows, which have what the directory has no more.
    private func read(_ ids: [UUID], of table: ResourceTable) throws -> [UUID: StoredResource] {
        let rows = try connection.query(
            "SELECT * FROM memory.main.\(table.name) WHERE \(table.identifier) IN "
                + "(SELECT unnest(CAST($1 AS VARCHAR[])))",
            [.texts(ids.map(\.lowercased))]
        )
        return Dictionary(
            uniqueKeysWithValues: try table.resources(rows).compactMap { change in
                change.stored.map { (change.resource.id, $0) }
            }
        )
    }
}
