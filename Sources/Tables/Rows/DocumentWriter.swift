import DuckDB
import Inventory
import Schema

/// Writes the rows of a chunk as documents. Whoever has it write keeps the vectors.
struct DocumentWriter {
    private let list: FieldList<ColumnCells>

    /// - Parameter vectors: Those of the columns.
    init(_ columns: [ColumnType.Column], _ vectors: [ColumnVector]) {
        list = FieldList(
            columns,
            vectors,
            cells: \.cells,
            elements: \.listElements,
            members: { vector, _ in vector.structFields }
        )
    }

    /// Writes a row as an object without the fields that are NULL.
    func write(_ row: Int, to writer: inout JSONWriter) {
        list.fields.withUnsafeBufferPointer { fields in
            list.names.withUnsafeBytes { names in
                RowPass(fields: fields, names: names).writeObject(list.columns, row, to: &writer)
            }
        }
    }

    private struct RowPass {
        let fields: UnsafeBufferPointer<FieldList<ColumnCells>.Field>
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
            case .timestamp: Timestamp(nearest: cells.microseconds(row)).write(to: &writer)
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
