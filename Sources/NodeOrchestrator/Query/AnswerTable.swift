import Foundation
import Schema

/// Shows an answer, which comes as NDJSON, as tables for a terminal.
struct AnswerTable {
    private var rest: [UInt8] = []
    private var columns: [TextTable.Column]?
    private var table: TextTable?
    private var rowsInTable = 0
    private var rows = 0

    /// How many rows are aligned with one another; more would have to be kept in memory until they are shown.
    private static let maximumRows = 1000
    /// How many characters of a value are shown.
    private static let maximumWidth = 60
    private static let null = "NULL"

    /// Takes a piece of the answer.
    ///
    /// - Returns: The lines that are ready.
    mutating func add(_ piece: [UInt8]) throws -> [String] {
        rest += piece
        var lines: [String] = []
        var start = 0
        while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
            lines += try add(line: JSONValue(parsing: rest[start..<end]))
            start = end + 1
        }
        rest.removeSubrange(..<start)
        return lines
    }

    /// The last lines.
    mutating func end() -> [String] {
        flush() + ["(\(rows) \(rows == 1 ? "row" : "rows"))"]
    }

    private mutating func add(line: JSONValue) throws -> [String] {
        if let message = line["error"]?.string { throw CommandError(message) }
        if case .array(let found)? = line["columns"] {
            let columns = found.map { column in
                TextTable.Column(
                    title: Self.text(column["name"] ?? .null),
                    isNumber: Self.isNumber(column["type"]?.string ?? "")
                )
            }
            self.columns = columns
            table = TextTable(columns)
            return []
        }
        guard case .array(let values) = line, values.count == columns?.count else {
            throw CommandError("the answer is not one to a query")
        }
        table?.add(values.map(Self.text))
        rows += 1
        rowsInTable += 1
        return rowsInTable < Self.maximumRows ? [] : flush()
    }

    private mutating func flush() -> [String] {
        guard let columns, let lines = table?.lines, rowsInTable > 0 || rows == 0 else { return [] }
        table = TextTable(columns)
        rowsInTable = 0
        return lines
    }

    /// A value on one line, without what a terminal would take for a command.
    private static func text(_ value: JSONValue) -> String {
        let whole =
            switch value {
            case .null: null
            case .string(let text): text
            default: value.text
            }
        let start = whole.prefix(maximumWidth + 1)
        return start.count > maximumWidth ? String(start.dropLast()).printable + "…" : whole.printable
    }

    private static let numberTypes: Set<String> = [
        "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
        "UHUGEINT",
        "FLOAT", "DOUBLE",
    ]

    private static func isNumber(_ type: String) -> Bool {
        numberTypes.contains(type) || type.hasPrefix("DECIMAL")
    }
}
