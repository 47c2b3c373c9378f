package import DuckDB
import Foundation
package import Inventory
import Records

/// How the rows of a kind in a snapshot become rows of a table, whatever field set and format it was written with.
///
/// What has the table's type is taken as it is, so that a file of this program is read at full speed. Everything else
/// is rebuilt: fields that the table does not have are left out, and those that the file does not have are NULL.
package struct SnapshotSelection {
    /// Fields of the file that this program does not have, as paths such as `bmc.colour`, sorted.
    package let unknownFields: [String]
    /// A SELECT that gives the table's columns, in its order, of its names and of its types.
    package let sql: String
    /// The same without sealed secrets that stand in a file of their own.
    package let sqlWithoutSecrets: String
    /// A SELECT that gives identifiers and sealed secrets from a file of their own; nil where there is none.
    package let secretsSQL: String?

    /// Describes the file and works out what to select from it.
    ///
    /// - Returns: Nil where the snapshot has no such kind.
    /// - Throws: ``DuckDBError`` when a file cannot be read, ``SnapshotError`` when it does not identify its rows.
    package init?(_ table: ResourceTable, in snapshot: Snapshot, on connection: Connection) throws {
        guard let file = snapshot.file(of: table.kind) else { return nil }
        // The folder's name, snapshot=…, is a column to whoever reads many snapshots, but not here.
        let source = "read_parquet(\(file.path.quotedLiteral), hive_partitioning = false)"
        let found = try connection.query("SELECT * FROM \(source) LIMIT 0").columns
        let identifier = table.kind.identifierKey
        guard found.contains(where: { $0.name == identifier }) else {
            throw SnapshotError.damaged("\(file.lastPathComponent) has no column \(identifier)")
        }
        var rebuilding = Rebuilding(bringsTimesNear: snapshot.manifest.format == DiskFormat.first)
        var columns = rebuilding.fields(
            table.columns,
            from: found.filter { !Self.ownColumns.contains($0.name) }.map { .init(name: $0.name, type: $0.type) },
            path: [],
            value: \.quotedIdentifier
        )
        for (name, type, sql, absent) in [
            (ResourceTable.versionColumn, LogicalType.ubigint, "UBIGINT", "0"),
            (ResourceTable.secretsColumn, ColumnType.map(.text).logicalType, ColumnType.map(.text).sql, "MAP {}"),
        ] {
            let column = found.first { $0.name == name }
            let value = column.map(\.name.quotedIdentifier) ?? absent
            columns.append((name, column?.type == type ? value : "CAST(\(value) AS \(sql))"))
        }
        let items = columns.map { name, value in
            value == name.quotedIdentifier ? value : "\(value) AS \(name.quotedIdentifier)"
        }
        unknownFields = rebuilding.unknownFields.sorted()
        sqlWithoutSecrets = "SELECT \(items.joined(separator: ", ")) FROM \(source)"
        guard let secretsFile = snapshot.secretsFile(of: table.kind) else {
            secretsSQL = nil
            sql = sqlWithoutSecrets
            return
        }
        let secrets =
            "SELECT \(table.identifier), \(ResourceTable.secretsColumn) "
            + "FROM read_parquet(\(secretsFile.path.quotedLiteral), hive_partitioning = false)"
        secretsSQL = secrets
        sql =
            "SELECT rows.* REPLACE (coalesce(sealed.\(ResourceTable.secretsColumn), MAP {}) "
            + "AS \(ResourceTable.secretsColumn)) FROM (\(sqlWithoutSecrets)) AS rows "
            + "LEFT JOIN (\(secrets)) AS sealed USING (\(table.identifier))"
    }

    /// Works out what to select for the table of a kind.
    ///
    /// - Returns: Nil where the snapshot has no such kind.
    /// - Throws: ``DuckDBError`` when a file cannot be read, ``SnapshotError`` when it does not identify its rows.
    package init?(of kind: Kind, in snapshot: Snapshot, on connection: Connection) throws {
        try self.init(ResourceTable.of(kind), in: snapshot, on: connection)
    }

    /// Columns that are not fields.
    private static let ownColumns = [ResourceTable.versionColumn, ResourceTable.secretsColumn]
}

/// Expressions that turn values of a file's types into values of a table's.
private struct Rebuilding {
    /// Whether times are brought into the years that can be read, which format 1 did not keep to.
    let bringsTimesNear: Bool
    /// The fields that were left out, so far.
    private(set) var unknownFields: [String] = []
    /// How many lists were rebuilt, so that each calls its elements by another name.
    private var listCount = 0

    init(bringsTimesNear: Bool) {
        self.bringsTimesNear = bringsTimesNear
    }

    /// The columns of a table, or the members of a struct, each with the expression for its value.
    ///
    /// - Parameters:
    ///   - found: What the file has in their place.
    ///   - path: Where in the document they are.
    ///   - value: The expression for what the file has, by name.
    mutating func fields(
        _ columns: [ColumnType.Column],
        from found: [LogicalType.Field],
        path: [String],
        value: (String) -> String
    ) -> [(name: String, value: String)] {
        let known = Set(columns.map(\.name))
        for field in found where !known.contains(field.name) {
            unknownFields.append((path + [field.name]).joined(separator: "."))
        }
        return columns.map { column in
            guard let field = found.first(where: { $0.name == column.name }) else {
                return (column.name, "CAST(NULL AS \(column.type.sql))")
            }
            return (column.name, expression(column.type, from: field.type, path + [field.name], value(field.name)))
        }
    }

    /// The expression for a value of a table's type, made from one of a file's type.
    ///
    /// DuckDB's own cast would match the fields of structs by name too, but it refuses structs that share none.
    private mutating func expression(
        _ type: ColumnType,
        from found: LogicalType,
        _ path: [String],
        _ value: String
    ) -> String {
        switch (type, found) {
        case (_, type.logicalType) where !bringsTimesNear || !type.hasTimes:
            return value
        case (.timestamp, .timestampTZ):
            let (first, last) = (Timestamp.writable.lowerBound, Timestamp.writable.upperBound)
            let nearest = "least(greatest(epoch_us(\(value)), \(first)), \(last))"
            return "CASE WHEN \(value) IS NOT NULL THEN make_timestamptz(\(nearest)) END"
        case (.structure(let columns), .structure(let found)):
            let members = fields(columns, from: found, path: path) {
                "struct_extract(\(value), \($0.quotedLiteral))"
            }.map { "\($0.name.quotedIdentifier) := \($0.value)" }
            return "CASE WHEN \(value) IS NOT NULL THEN struct_pack(\(members.joined(separator: ", "))) END"
        case (.list(let element), .list(let found)):
            listCount += 1
            let name = "element\(listCount)"
            let rebuilt = expression(element, from: found, path, name)
            return "list_transform(\(value), lambda \(name): \(rebuilt))"
        default:
            return "CAST(\(value) AS \(type.sql))"
        }
    }
}

extension ColumnType {
    /// Whether any value of the type is a time, or has one.
    fileprivate var hasTimes: Bool {
        switch self {
        case .timestamp: true
        case .list(let element), .map(let element): element.hasTimes
        case .structure(let columns): columns.contains { $0.type.hasTimes }
        case .text, .boolean, .integer, .double, .freeForm: false
        }
    }

    /// The type that DuckDB reports of such a column.
    fileprivate var logicalType: LogicalType {
        switch self {
        case .text, .freeForm: .varchar
        case .timestamp: .timestampTZ
        case .boolean: .boolean
        case .integer: .bigint
        case .double: .double
        case .list(let element): .list(element.logicalType)
        case .structure(let columns): .structure(columns.map { .init(name: $0.name, type: $0.type.logicalType) })
        case .map(let value): .map(key: .varchar, value: value.logicalType)
        }
    }
}
