import DuckDB
import Schema

/// How a field of a resource is kept in DuckDB, derived from its JSON Schema.
package indirect enum ColumnType: Equatable, Sendable {
    case text
    case timestamp
    case boolean
    case integer
    case double
    /// A free-form object: its JSON as it was sent, a text like others to DuckDB and in Parquet.
    case freeForm
    case list(ColumnType)
    case structure([Column])
    case map(ColumnType)

    /// A field with its type.
    package struct Column: Equatable, Sendable {
        package var name: String
        package var type: ColumnType
    }

    /// The columns that documents under a schema come to.
    static func columns(of schema: JSONSchema) -> [Column] {
        guard case .structure(let columns) = ColumnType(schema, in: schema.defs ?? [:]) else {
            preconditionFailure("a resource is a structure")
        }
        return columns
    }

    private init(_ schema: JSONSchema, in definitions: JSONMap<JSONSchema>) {
        if let reference = schema.ref {
            guard let definition = definitions[String(reference.dropFirst("#/$defs/".count))] else {
                preconditionFailure("\(reference) is not defined")
            }
            self.init(definition, in: definitions)
            return
        }
        switch schema.types?.first {
        case .string where schema.format == StringFormat.dateTime.rawValue: self = .timestamp
        case .string: self = .text
        case .boolean: self = .boolean
        case .integer: self = .integer
        case .number: self = .double
        case .array:
            guard let items = schema.items else { preconditionFailure("an array has items of one schema") }
            self = .list(ColumnType(items, in: definitions))
        case .object:
            if let properties = schema.properties {
                self = .structure(
                    properties.map { Column(name: $0.key, type: ColumnType($0.value, in: definitions)) }
                )
            } else if let values = schema.additionalProperties {
                self = .map(ColumnType(values, in: definitions))
            } else {
                self = .freeForm
            }
        case .null, nil: preconditionFailure("a field has one type")
        }
    }

    /// A type without what it consists of.
    enum Form {
        case text, timestamp, boolean, integer, double, freeForm, list, structure, map
    }

    var form: Form {
        switch self {
        case .text: .text
        case .timestamp: .timestamp
        case .boolean: .boolean
        case .integer: .integer
        case .double: .double
        case .freeForm: .freeForm
        case .list: .list
        case .structure: .structure
        case .map: .map
        }
    }

    /// The type in SQL.
    package var sql: String {
        switch self {
        case .text, .freeForm: "VARCHAR"
        case .timestamp: "TIMESTAMP WITH TIME ZONE"
        case .boolean: "BOOLEAN"
        case .integer: "BIGINT"
        case .double: "DOUBLE"
        case .list(let element): "\(element.sql)[]"
        case .structure(let columns):
            "STRUCT(\(columns.map { "\($0.name.quotedIdentifier) \($0.type.sql)" }.joined(separator: ", ")))"
        case .map(let value): "MAP(VARCHAR, \(value.sql))"
        }
    }
}
