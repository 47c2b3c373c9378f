import DuckDB
import Inventory
import Schema
import Tables

/// A table of the structures that the resources of a kind have in a list, such as `network_interfaces`.
struct FlatTable {
    let kind: Kind
    /// The field that has the list, which the table is named for.
    let field: String
    /// The fields of the elements.
    let elements: [ColumnType.Column]
    /// What says of which resource an element is: the resource's columns, and what they are called here.
    private let owner: [(column: String, name: String)]

    static let all: [FlatTable] = ResourceTable.all.flatMap { table in
        table.columns.compactMap { column in
            guard case .list(.structure(let elements)) = column.type else { return nil }
            return FlatTable(table.kind, column.name, elements)
        }
    }

    private init(_ kind: Kind, _ field: String, _ elements: [ColumnType.Column]) {
        self.kind = kind
        self.field = field
        self.elements = elements
        owner = ([kind.identifierKey] + kind.resourceType.commonNameKeys).map { ($0, "\(kind.singularName)_\($0)") }
    }

    var table: QueryTable {
        let element = kind.resourceType.fields.first { $0.name == field }?.type.elementType
        let documented = (element as? any JSONStructure.Type)?.fields ?? []
        return QueryTable(
            name: field,
            description: "The \(field) of every \(kind): one row each.",
            columns: owner.map { column, name in .init(name, "VARCHAR", "The \(column) of the \(kind).") }
                + elements.map { column in
                    let documentation = documented.first { $0.name == column.name }?.documentation
                    return .init(column.name, column.type.sql, documentation)
                }
        )
    }

    /// What makes the table from the one of the kind.
    var selection: String {
        let names = owner.map { "\($0.column.quotedIdentifier) AS \($0.name.quotedIdentifier)" }
        let fields = elements.map { "struct_extract(element, \($0.name.quotedLiteral)) AS \($0.name.quotedIdentifier)" }
        let columns = owner.map(\.column.quotedIdentifier).joined(separator: ", ")
        return "SELECT \((names + fields).joined(separator: ", ")) FROM "
            + "(SELECT \(columns), unnest(\(field.quotedIdentifier)) AS element FROM \(kind.tableName))"
    }
}
