import Schema

/// The fields of some columns, and what those consist of, with the cells that have their values.
///
/// All lie in arrays without references, so that a value costs no reference count: there are millions when a snapshot
/// is loaded.
struct FieldList<Cells: BitwiseCopyable> {
    private(set) var fields: [Field] = []
    /// Names as JSON, each with the colon behind it.
    private(set) var names: [UInt8] = []
    /// The fields that are the columns.
    private(set) var columns = 0..<0

    struct Field {
        let form: ColumnType.Form
        var cells: Cells
        /// Where its name is among the names.
        let name: Range<Int>
        /// What a nested value consists of: the fields of a structure, the element of a list, key and value of a map.
        fileprivate(set) var parts = 0..<0
    }

    /// - Parameters:
    ///   - vectors: Those of the columns.
    ///   - cells: The cells of a vector.
    ///   - elements: The elements of a list, or of a map.
    ///   - members: The members of a structure, whose number it gets.
    init<Vector>(
        _ columns: [ColumnType.Column],
        _ vectors: [Vector],
        cells: (Vector) -> Cells,
        elements: (Vector) -> Vector,
        members: (Vector, Int) -> [Vector]
    ) {
        self.columns = add(columns, vectors, cells, elements, members)
    }

    /// Reads fields and their names, or gives fields other cells.
    mutating func withUnsafeFields(_ body: (UnsafeMutableBufferPointer<Field>, UnsafeRawBufferPointer) -> Void) {
        fields.withUnsafeMutableBufferPointer { fields in
            names.withUnsafeBytes { body(fields, $0) }
        }
    }

    /// Adds fields one behind the other, and behind them what they consist of.
    private mutating func add<Vector>(
        _ columns: [ColumnType.Column],
        _ vectors: [Vector],
        _ cells: (Vector) -> Cells,
        _ elements: (Vector) -> Vector,
        _ members: (Vector, Int) -> [Vector]
    ) -> Range<Int> {
        let start = fields.count
        for (column, vector) in zip(columns, vectors) {
            let name = JSONValue.string(column.name).bytes + [UInt8(ascii: ":")]
            let range = names.count..<names.count + name.count
            fields.append(Field(form: column.type.form, cells: cells(vector), name: range))
            names += name
        }
        let end = fields.count
        for (index, (column, vector)) in zip(start..<end, zip(columns, vectors)) {
            fields[index].parts =
                switch column.type {
                case .list(let element):
                    add([.init(name: "", type: element)], [elements(vector)], cells, elements, members)
                case .structure(let columns):
                    add(columns, members(vector, columns.count), cells, elements, members)
                case .map(let value):
                    add(
                        [.init(name: "", type: .text), .init(name: "", type: value)],
                        members(elements(vector), 2),
                        cells,
                        elements,
                        members
                    )
                default: 0..<0
                }
        }
        return start..<end
    }
}
