import DuckDB
import Inventory
import Schema

/// Writes the rows of a chunk as documents. Whoever has it write keeps the vectors.
///
/// What is needed of the fields lies in arrays without references, so that a value costs no reference count: there are
/// millions when a snapshot is loaded.
struct DocumentWriter {
    private var fields: [Field] = []
    /// Names as JSON, each with the colon behind it.
    private var names: [UInt8] = []
    private var columns = 0..<0

    private struct Field {
        var form: Form
        var cells: ColumnCells
        /// Where its name is among the names.
        var name: Range<Int>
        /// What a nested value consists of: the fields of a structure, the element of a list, key and value of a map.
        var parts = 0..<0
    }

    private enum Form {
        case text, uuid, timestamp, boolean, integer, double, freeForm, list, structure, map
    }

    /// - Parameter vectors: Those of the columns.
    init(_ columns: [ColumnType.Column], _ vectors: [ColumnVector]) {
        self.columns = add(columns, vectors)
    }

    /// Adds fields one behind the other, and behind them what they consist of.
    private mutating func add(_ columns: [ColumnType.Column], _ vectors: [ColumnVector]) -> Range<Int> {
        let start = fields.count
        for (column, vector) in zip(columns, vectors) {
            let name = JSONValue.string(column.name).bytes + [UInt8(ascii: ":")]
            let range = names.count..<names.count + name.count
            fields.append(Field(form: Self.form(of: column.type), cells: vector.cells, name: range))
            names += name
        }
        let end = fields.count
        for (index, (column, vector)) in zip(start..<end, zip(columns, vectors)) {
            fields[index].parts =
                switch column.type {
                case .list(let element): add([.init(name: "", type: element)], [vector.listElements])
                case .structure(let members): add(members, vector.structFields)
                case .map(let value):
                    add(
                        [.init(name: "", type: .text), .init(name: "", type: value)],
                        vector.listElements.structFields
                    )
                default: 0..<0
                }
        }
        return start..<end
    }

    private static func form(of type: ColumnType) -> Form {
        switch type {
        case .text: .text
        case .uuid: .uuid
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

    /// Writes a row as an object without the fields that are NULL.
    func write(_ row: Int, to writer: inout JSONWriter) {
        fields.withUnsafeBufferPointer { fields in
            names.withUnsafeBytes { names in
                RowPass(fields: fields, names: names).writeObject(columns, row, to: &writer)
            }
        }
    }

    private struct RowPass {
        let fields: UnsafeBufferPointer<Field>
        let names: UnsafeRawBufferPointer

        func writeObject(_ range: Range<Int>, _ row: Int, to writer: inout JSONWriter) {
            writer.beginObject()
            for index in range where !fields[index].cells.isNull(row) {
                writer.key(encoded: UnsafeRawBufferPointer(rebasing: names[fields[index].name]))
                write(index, row, to: &writer)
            }
            writer.endObject()
        }

        private func write(_ index: Int, _ row: Int, to writer: inout JSONWriter) {
            let field = fields[index]
            let cells = field.cells
            switch field.form {
            case .text: writer.string(utf8: cells.bytes(row))
            case .uuid: cells.uuid(row).write(to: &writer)
            case .timestamp: Timestamp(microseconds: cells.microseconds(row)).write(to: &writer)
            case .boolean: writer.bool(cells.bool(row))
            case .integer: writer.integer(cells.int64(row))
            case .double: writer.number(JSONNumber(cells.double(row)))
            case .freeForm: writer.value(utf8: cells.bytes(row))
            case .list:
                writer.beginArray()
                for element in cells.listRange(row) { write(field.parts.lowerBound, element, to: &writer) }
                writer.endArray()
            case .structure: writeObject(field.parts, row, to: &writer)
            case .map:
                writer.beginObject()
                let keys = fields[field.parts.lowerBound].cells
                for entry in cells.listRange(row) {
                    writer.key(utf8: keys.bytes(entry))
                    write(field.parts.lowerBound + 1, entry, to: &writer)
                }
                writer.endObject()
            }
        }
    }
}
