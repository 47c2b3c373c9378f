/// Rows of cells in columns, for a terminal.
struct TextTable {
    struct Column {
        var title: String
        var isNumber = false
    }

    private let columns: [Column]
    private var rows: [[String]]

    init(_ columns: [Column]) {
        self.columns = columns
        rows = [columns.map(\.title)]
    }

    /// Adds a row; where it has fewer cells than there are columns, its last takes the place of the rest.
    mutating func add(_ cells: [String]) {
        precondition(!cells.isEmpty && cells.count <= columns.count)
        rows.append(cells)
    }

    var lines: [String] {
        let widths = columns.indices.map { column in
            rows.compactMap { isAligned($0, column) ? $0[column].count : nil }.max() ?? 0
        }
        return rows.map { row in
            row.enumerated().map { column, cell in
                guard isAligned(row, column) else { return cell }
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                if columns[column].isNumber { return padding + cell }
                return column == row.count - 1 ? cell : cell + padding
            }.joined(separator: "  ")
        }
    }

    /// Whether a row's cell in a column is no wider than the column.
    private func isAligned(_ row: [String], _ column: Int) -> Bool {
        column < row.count - 1 || row.count == columns.count
    }
}
