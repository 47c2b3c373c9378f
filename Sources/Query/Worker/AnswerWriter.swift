import DuckDB
import Foundation
import Inventory
import Schema

/// Writes rows as JSON, NDJSON or CSV.
struct AnswerWriter {
    private let format: QueryFormat
    private let columns: [AnswerPlan.Column]
    private var writer = JSONWriter()
    /// What is ready.
    private var bytes: [UInt8] = []
    private var hasRows = false

    init(_ format: QueryFormat, _ plan: AnswerPlan, sequence: UInt64) {
        self.format = format
        columns = plan.columns
        switch format {
        case .json:
            bytes += "{\"sequence\":\(sequence),\"columns\":".utf8
            writeColumns()
            bytes += ",\"rows\":[".utf8
        case .ndjson:
            bytes += "{\"sequence\":\(sequence),\"columns\":".utf8
            writeColumns()
            bytes += "}\n".utf8
        case .csv:
            bytes += columns.map { Self.field($0.name) }.joined(separator: ",".utf8)
            bytes += "\n".utf8
        case .parquet: preconditionFailure("DuckDB writes Parquet")
        }
    }

    private mutating func writeColumns() {
        writer.beginArray()
        for column in columns {
            writer.beginObject()
            writer.key("name")
            writer.string(column.name)
            writer.key("type")
            writer.string(column.type)
            writer.endObject()
        }
        writer.endArray()
        bytes += writer.bytes
        writer.removeAll()
    }

    /// How many bytes are ready.
    var size: Int { bytes.count }

    /// What is ready.
    mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    mutating func write(_ row: Int, of vectors: [ColumnVector]) {
        if format == .csv {
            writeCSV(row, vectors)
        } else {
            writer.beginArray()
            for (column, vector) in zip(columns, vectors) { writer.write(vector, row, as: column.form) }
            writer.endArray()
            if format == .json, hasRows { bytes += ",\n".utf8 }
            bytes += writer.bytes
            if format == .ndjson { bytes += "\n".utf8 }
            writer.removeAll()
        }
        hasRows = true
    }

    mutating func finish() {
        if format == .json { bytes += "]}\n".utf8 }
    }

    // MARK: CSV

    private mutating func writeCSV(_ row: Int, _ vectors: [ColumnVector]) {
        for (index, (column, vector)) in zip(columns, vectors).enumerated() {
            if index > 0 { bytes += ",".utf8 }
            // NULL is nothing, and an empty text is "".
            guard !vector.isNull(row) else { continue }
            bytes += Self.field(text(vector, row, column.form))
        }
        bytes += "\n".utf8
    }

    /// A value as a text: what is a string in JSON is its text, and everything else is its JSON.
    private mutating func text(_ vector: ColumnVector, _ row: Int, _ form: AnswerPlan.Form) -> String {
        if case .enumeration(let values) = vector.type { return values[Int(vector.int64(row))] }
        if vector.type == .varchar || form != .value { return vector.text(row) }
        defer { writer.removeAll() }
        writer.write(vector, row, as: form)
        let text = writer.text
        return text.hasPrefix("\"") ? String(text.dropFirst().dropLast()) : text
    }

    /// A field of RFC 4180.
    private static func field(_ text: String) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        let isPlain = text.utf8.allSatisfy {
            $0 != quote && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r")
        }
        if isPlain, !text.isEmpty { return Array(text.utf8) }
        // By bytes: a quote with an accent is another character, but a quote all the same.
        return [quote] + text.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
    }
}

extension JSONWriter {
    /// Writes a value of a column.
    fileprivate mutating func write(_ vector: ColumnVector, _ row: Int, as form: AnswerPlan.Form) {
        guard !vector.isNull(row) else { return null() }
        switch form {
        case .value: write(vector, row)
        case .text: string(utf8: vector.bytes(row))
        case .number: writeNumber(vector.text(row))
        case .json: writeJSON(vector.text(row))
        }
    }

    /// A number as DuckDB writes it, which may begin with its point.
    private mutating func writeNumber(_ text: String) {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let isWhole = !digits.hasPrefix(".")
        let whole = isWhole ? text : "\(text.hasPrefix("-") ? "-" : "")0\(digits)"
        if let number = JSONNumber(literal: whole) { self.number(number) } else { string(text) }
    }

    /// A JSON text as DuckDB has it, which may have line breaks; where it is none (DuckDB takes NaN for JSON), a string.
    private mutating func writeJSON(_ text: String) {
        do {
            value(try JSONValue(parsing: text))
        } catch {
            string(text)
        }
    }

    private mutating func write(_ vector: ColumnVector, _ row: Int) {
        guard !vector.isNull(row) else { return null() }
        switch vector.type {
        case .boolean: bool(vector.bool(row))
        case .tinyint, .smallint, .integer, .bigint, .utinyint, .usmallint, .uinteger: integer(vector.int64(row))
        case .ubigint: integer(vector.uint64(row))
        case .hugeint: writeNumber("\(vector.int128(row))")
        case .float: write(vector.double(row), "\(Float(vector.double(row)))")
        case .double: write(vector.double(row), "\(vector.double(row))")
        case .varchar: string(utf8: vector.bytes(row))
        case .json: writeJSON(vector.text(row))
        case .uuid: string(vector.uuid(row).lowercased)
        case .timestampTZ: string(Self.time(vector.microseconds(row)))
        case .enumeration(let values): string(values[Int(vector.int64(row))])
        case .list:
            beginArray()
            let elements = vector.listElements
            for element in vector.listRange(row) { write(elements, element) }
            endArray()
        case .structure(let fields) where fields.allSatisfy(\.name.isEmpty):
            beginArray()
            for value in vector.structFields { write(value, row) }
            endArray()
        case .structure(let fields):
            beginObject()
            for (field, value) in zip(fields, vector.structFields) {
                key(field.name)
                write(value, row)
            }
            endObject()
        case .map:
            beginObject()
            let entry = vector.listElements.structFields
            for element in vector.listRange(row) {
                key(utf8: entry[0].bytes(element))
                write(entry[1], element)
            }
            endObject()
        case .decimal, .timestamp, .blob, .other: preconditionFailure("DuckDB makes a text of \(vector.type)")
        }
    }

    /// What JSON has no number for is a text, as in XML Schema.
    private mutating func write(_ value: Double, _ text: String) {
        if value.isFinite {
            writeNumber(text)
        } else {
            string(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
        }
    }

    /// A moment as RFC 3339 writes it; those that it cannot write are the words that DuckDB has, or seconds since 1970.
    private static func time(_ microseconds: Int64) -> String {
        switch microseconds {
        case Timestamp.writable: Timestamp(microseconds: microseconds).description
        case .max: "infinity"
        case -.max: "-infinity"
        default: "\(microseconds / 1_000_000)"
        }
    }
}
