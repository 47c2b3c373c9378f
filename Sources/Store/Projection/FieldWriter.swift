import DuckDB
import Inventory
import Schema

/// Writes the values of a field, as a chunk of rows has them, to documents.
///
/// Each chunk gets its own, so that the threads that write rows share nothing, no reference counts either.
final class FieldWriter {
    /// The name as JSON, with the colon behind it.
    private let key: [UInt8]
    private let form: Form
    private let vector: ColumnVector
    /// What a nested value consists of: the fields of a structure, the element of a list, or the value of a map.
    private let parts: [FieldWriter]

    private enum Form {
        case text, uuid, timestamp, boolean, integer, double, freeForm, list, structure, map
    }

    convenience init(_ column: ColumnType.Column, _ vector: ColumnVector) {
        self.init(column.name, column.type, vector)
    }

    private init(_ name: String, _ type: ColumnType, _ vector: ColumnVector) {
        key = JSONValue.string(name).bytes + [UInt8(ascii: ":")]
        self.vector = vector
        switch type {
        case .text: (form, parts) = (.text, [])
        case .uuid: (form, parts) = (.uuid, [])
        case .timestamp: (form, parts) = (.timestamp, [])
        case .boolean: (form, parts) = (.boolean, [])
        case .integer: (form, parts) = (.integer, [])
        case .double: (form, parts) = (.double, [])
        case .freeForm: (form, parts) = (.freeForm, [])
        case .list(let element): (form, parts) = (.list, [FieldWriter("", element, vector.listElements)])
        case .structure(let fields):
            (form, parts) = (.structure, zip(fields, vector.structFields).map { FieldWriter($0, $1) })
        case .map(let value): (form, parts) = (.map, [FieldWriter("", value, vector.listElements.structFields[1])])
        }
    }

    /// Writes a row as an object without the fields that are NULL.
    static func writeObject(_ fields: [FieldWriter], _ row: Int, to writer: inout JSONWriter) {
        writer.beginObject()
        for field in fields where !field.vector.isNull(row) {
            writer.key(encoded: field.key)
            field.write(row, to: &writer)
        }
        writer.endObject()
    }

    private func write(_ row: Int, to writer: inout JSONWriter) {
        switch form {
        case .text: writer.string(utf8: vector.bytes(row))
        case .uuid: vector.uuid(row).write(to: &writer)
        case .timestamp: Timestamp(microseconds: vector.microseconds(row)).write(to: &writer)
        case .boolean: writer.bool(vector.bool(row))
        case .integer: writer.integer(vector.int64(row))
        case .double: writer.number(JSONNumber(vector.double(row)))
        case .freeForm: writer.value(utf8: vector.bytes(row))
        case .list:
            writer.beginArray()
            for index in vector.listRange(row) { parts[0].write(index, to: &writer) }
            writer.endArray()
        case .structure: Self.writeObject(parts, row, to: &writer)
        case .map:
            writer.beginObject()
            let keys = vector.listElements.structFields[0]
            for entry in vector.listRange(row) {
                writer.key(keys.text(entry))
                parts[0].write(entry, to: &writer)
            }
            writer.endObject()
        }
    }
}
