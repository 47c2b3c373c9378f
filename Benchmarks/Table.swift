import Foundation

/// What was measured, a row each.
struct Table {
    private var rows: [[String]] = [["what", "figure", "limit", "ratio", "target", ""]]

    /// Adds a figure that is held to a limit of the same run.
    ///
    /// - Parameters:
    ///   - ratio: Figure by limit, or limit by figure, as the target says it.
    ///   - isMet: Whether the target is met.
    mutating func add(_ what: String, _ figure: String, _ limit: String, _ ratio: Double, _ target: String, isMet: Bool)
    {
        let row = [
            what, figure, limit, String(format: "%.2f", ratio), target, isMet ? "" : "missed",
        ]
        rows.append(row)
        FileHandle.standardOutput.write(Data("\(row.joined(separator: "  "))\n".utf8))
    }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
