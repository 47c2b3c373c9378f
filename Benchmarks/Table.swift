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

extension Table {
    /// Adds two numbers, bytes or rates, of which the figure must be large enough.
    mutating func add(_ what: String, _ figure: Double, _ limit: Double, atLeast target: Double) {
        let ratio = figure / limit
        add(what, figure.shortText, limit.shortText, ratio, "≥ \(target)", isMet: ratio >= target)
    }

    mutating func add(_ what: String, _ figure: Double, _ limit: Double, atMost target: Double) {
        let ratio = figure / limit
        add(what, figure.shortText, limit.shortText, ratio, "≤ \(target)", isMet: ratio <= target)
    }

    mutating func add(_ what: String, _ figure: Int, _ limit: Int, atMost target: Double) {
        let ratio = Double(figure) / Double(limit)
        add(what, "\(figure >> 20) MiB", "\(limit >> 20) MiB", ratio, "≤ \(target)", isMet: ratio <= target)
    }
}

extension Double {
    var shortText: String { self >= 1000 ? String(format: "%.0f", self) : String(format: "%.3g", self) }
}

extension [Double] {
    var median: Double { sorted()[count / 2] }
}

extension Duration {
    var text: String {
        inSeconds >= 1 ? "\(inSeconds.shortText) s" : "\((inSeconds * 1000).shortText) ms"
    }
}
