package import DuckDB
package import Foundation
package import Inventory

/// How the rows of a Parquet file of a snapshot become rows of a table, whatever field set the file was written with.
///
/// What has the table's type is taken as it is, so that a file of this program is read at full speed. Everything else
/// is rebuilt: fields that the table does not have are left out, and those that the file does not have are NULL.
package struct SnapshotSelection {
    /// Fields of the file that this program does not have, as paths such as `bmc.colour`, sorted.
    package let unknownFields: [String]
    /// A SELECT that gives the table's columns, in its order, of its names and of its types.
    package let sql: String

    /// Describes the file and works out what to select from it.
    ///
    /// - Throws: ``DuckDBError`` when the file cannot be read, ``SnapshotError`` when it does not identify its rows.
    init(_ table: ProjectionTable, file: URL, on connection: Connection) throws {
        // The folder's name, snapshot=…, is a column to whoever reads many snapshots, but not here.
        let source = "read_parquet(\(file.path.quotedLiteral), hive_partitioning = false)"
        let found = try connection.query("SELECT * FROM \(source) LIMIT 0").columns
        let identifier = table.kind.identifierKey
        guard found.contains(where: { $0.name == identifier }) else {
            throw SnapshotError.damaged("\(file.lastPathComponent) has no column \(identifier)")
        }
        var rebuilding = Rebuilding()
        var columns = rebuilding.fields(
            table.columns,
            from: found.filter { !Self.ownColumns.contains($0.name) }.map { .init(name: $0.name, type: $0.type) },
            path: [],
            value: \.quotedIdentifier
        )
        for (name, type, sql, absent) in [
            (ProjectionTable.versionColumn, LogicalType.ubigint, "UBIGINT", "0"),
            (ProjectionTable.secretsColumn, ColumnType.map(.text).logicalType, ColumnType.map(.text).sql, "MAP {}"),
        ] {
            let column = found.first { $0.name == name }
            let value = column.map(\.name.quotedIdentifier) ?? absent
            columns.append((name, column?.type == type ? value : "CAST(\(value) AS \(sql))"))
        }
        let items = columns.map { name, value in
            value == name.quotedIdentifier ? value : "\(value) AS \(name.quotedIdentifier)"
        }
        unknownFields = rebuilding.unknownFields.sorted()
        sql = "SELECT \(items.joined(separator: ", ")) FROM \(source)"
    }

    /// Works out what to select for the table of a kind.
    ///
    /// - Throws: ``DuckDBError`` when the file cannot be read, ``SnapshotError`` when it does not identify its rows.
    package init(of kind: Kind, file: URL, on connection: Connection) throws {
        guard let table = ProjectionTable.all.first(where: { $0.kind == kind }) else {
            preconditionFailure("\(kind) has no table")
        }
        try self.init(table, file: file, on: connection)
    }

    /// Columns that are not fields.
    private static let ownColumns = [ProjectionTable.versionColumn, ProjectionTable.secretsColumn]
}

/// Expressions that turn values of a file's types into values of a table's.
private struct Rebuilding {
    /// The fields that were left out, so far.
    private(set) var unknownFields: [String] = []
    /// How many lists were rebuilt, so that each calls its elements by another name.
    private var listCount = 0

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
        case (_, type.logicalType):
            return value
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
    /// The type that DuckDB reports of such a column.
    fileprivate var logicalType: LogicalType {
        switch self {
        case .text: .varchar
        case .uuid: .uuid
        case .timestamp: .timestampTZ
        case .boolean: .boolean
        case .integer: .bigint
        case .double: .double
        case .freeForm: .json
        case .list(let element): .list(element.logicalType)
        case .structure(let columns): .structure(columns.map { .init(name: $0.name, type: $0.type.logicalType) })
        case .map(let value): .map(key: .varchar, value: value.logicalType)
        }
    }
}
