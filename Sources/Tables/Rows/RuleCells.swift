import DuckDB
import Schema

/// Where a chunk has values of types that got rules after the first were stored. Whoever reads them keeps the vectors.
struct RuleCells {
    private let fields: [Node]

    private struct Node {
        let cells: ColumnCells
        let form: Form
    }

    private indirect enum Form {
        case text(any StringValue.Type, rule: String)
        case structure([Node])
        case list(Node)
    }

    /// - Parameter vectors: Those of the columns.
    init(_ structure: any JSONStructure.Type, _ columns: [ColumnType.Column], _ vectors: [ColumnVector]) {
        fields = Self.nodes(structure, columns, vectors)
    }

    private static func nodes(
        _ structure: any JSONStructure.Type,
        _ columns: [ColumnType.Column],
        _ vectors: [ColumnVector]
    ) -> [Node] {
        zip(columns, vectors).compactMap { column, vector in
            structure.fields.first { $0.name == column.name }.flatMap { node($0.type, column.type, vector) }
        }
    }

    /// What is looked at of a value; nil for a type without such rules.
    private static func node(
        _ type: any JSONRepresentable.Type,
        _ column: ColumnType,
        _ vector: ColumnVector
    ) -> Node? {
        switch (type.shape, column) {
        case (.text(let text), _):
            return text.laterRule.map { Node(cells: vector.cells, form: .text(text, rule: $0)) }
        case (.structure(let structure), .structure(let columns)):
            let nodes = nodes(structure, columns, vector.structFields)
            return nodes.isEmpty ? nil : Node(cells: vector.cells, form: .structure(nodes))
        case (.list(let element), .list(let column)), (.distinctList(let element), .list(let column)):
            return node(element, column, vector.listElements).map { Node(cells: vector.cells, form: .list($0)) }
        default: return nil
        }
    }

    /// The rules that a row breaks, each once.
    func broken(_ row: Int) -> [String] {
        var broken: [String] = []
        for field in fields { Self.look(at: field, row, &broken) }
        return broken
    }

    private static func look(at node: Node, _ row: Int, _ broken: inout [String]) {
        guard !node.cells.isNull(row) else { return }
        switch node.form {
        case .text(let type, let rule):
            let text = node.cells.bytes(row).bindMemory(to: UInt8.self)
            guard !type.isNormal(text), !broken.contains(rule) else { return }
            if !type.isSpelling(String(decoding: text, as: UTF8.self)) { broken.append(rule) }
        case .structure(let nodes): for node in nodes { look(at: node, row, &broken) }
        case .list(let element):
            for place in node.cells.listRange(row) { look(at: element, place, &broken) }
        }
    }
}
