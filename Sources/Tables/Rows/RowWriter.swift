import DuckDB
import Foundation
import Inventory
import Records
import Schema

/// Writes documents as rows of a chunk of a projection's table: the reverse of ``RowReader``.
struct RowWriter {
    private let chunk: RowChunk
    /// The fields of documents, and behind them the secrets.
    private var list: FieldList<WritableCells>
    private let versions: WritableCells
    /// How many elements each field has, where it is a list or a map.
    private var elementCounts: [Int]

    /// How many elements a list has room for at first.
    private static let elementCapacity = RowChunk.capacity

    /// - Parameter chunk: An empty one of the table.
    init(_ table: ResourceTable, _ chunk: RowChunk) {
        self.chunk = chunk
        let columns = table.columns
        versions = chunk[columns.count]
        list = FieldList(
            columns + [.init(name: ResourceTable.secretsColumn, type: .map(.text))],
            columns.indices.map { chunk[$0] } + [chunk[columns.count + 1]],
            cells: { $0 },
            elements: { $0.elements(capacity: Self.elementCapacity) },
            members: { cells, count in (0..<count).map(cells.member) }
        )
        elementCounts = Array(repeating: 0, count: list.fields.count)
    }

    /// Adds a row.
    mutating func append(_ stored: StoredResource) {
        let row = chunk.count
        versions.set(row, to: stored.version)
        let columns = list.columns.dropLast()
        let secrets = columns.upperBound
        pass(stored.document) { $0.readObject(columns, row) }
        if stored.secrets.isEmpty {
            list.fields[secrets].cells.set(row, toElements: 0..<0)
        } else {
            pass(stored.secrets.json) { $0.readValue(secrets, row) }
        }
        chunk.count = row + 1
    }

    private mutating func pass(_ json: [UInt8], _ body: (inout RowPass) -> Void) {
        json.withUnsafeBytes { json in
            list.withUnsafeFields { fields, names in
                elementCounts.withUnsafeMutableBufferPointer { counts in
                    var pass = RowPass(json: json, fields: fields, names: names, elementCounts: counts)
                    body(&pass)
                }
            }
        }
    }

    /// Says how many elements have been written, once all rows have.
    func finish() {
        for (field, count) in zip(list.fields, elementCounts) where field.form == .list || field.form == .map {
            field.cells.setElementCount(count)
        }
    }
}

/// One pass over the JSON of a document in normal form: compact, and with its members in the order of the columns.
private struct RowPass {
    let json: UnsafeRawBufferPointer
    let fields: UnsafeMutableBufferPointer<FieldList<WritableCells>.Field>
    let names: UnsafeRawBufferPointer
    let elementCounts: UnsafeMutableBufferPointer<Int>
    fileprivate var position = 0

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard json[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Reads an object, and makes the fields NULL that it does not have.
    mutating func readObject(_ range: Range<Int>, _ row: Int) {
        var field = range.lowerBound
        precondition(skip("{"), "a stored document is an object")
        if !skip("}") {
            repeat {
                while !skipName(of: field) {
                    setNull(field, row)
                    field += 1
                    precondition(field < range.upperBound, "a stored document has no other fields, in their order")
                }
                readValue(field, row)
                field += 1
            } while skip(",")
            precondition(skip("}"), "a stored document is JSON")
        }
        while field < range.upperBound {
            setNull(field, row)
            field += 1
        }
    }

    private mutating func skipName(of field: Int) -> Bool {
        let name = UnsafeRawBufferPointer(rebasing: names[fields[field].name])
        guard json.count - position > name.count,
            memcmp(json.baseAddress! + position, name.baseAddress!, name.count) == 0
        else { return false }
        position += name.count
        return true
    }

    private func setNull(_ field: Int, _ row: Int) {
        fields[field].cells.setNull(row)
        if fields[field].form == .structure {
            for part in fields[field].parts { setNull(part, row) }
        }
    }

    // MARK: Values

    mutating func readValue(_ field: Int, _ row: Int) {
        let cells = fields[field].cells
        switch fields[field].form {
        case .text: readString { cells.set(row, toUTF8: $0) }
        case .timestamp: readString { cells.set(row, toMicroseconds: Timestamp(normal: $0).microseconds) }
        case .boolean: cells.set(row, to: readWord() == "true")
        case .integer: cells.set(row, to: Int64(readWord())!)
        case .double: cells.set(row, to: Double(readWord())!)
        case .freeForm:
            let start = position
            position = json.endOfObject(from: start)!
            cells.set(row, toUTF8: UnsafeRawBufferPointer(rebasing: json[start..<position]))
        case .list:
            readElements(of: field, row, from: "[", to: "]") { pass, parts, element in
                pass.readValue(parts.lowerBound, element)
            }
        case .structure: readObject(fields[field].parts, row)
        case .map:
            readElements(of: field, row, from: "{", to: "}") { pass, parts, element in
                pass.readValue(parts.lowerBound, element)
                precondition(pass.skip(":"), "a stored document is JSON")
                pass.readValue(parts.lowerBound + 1, element)
            }
        }
    }

    private mutating func readElements(
        of field: Int,
        _ row: Int,
        from start: Unicode.Scalar,
        to end: Unicode.Scalar,
        _ readElement: (inout RowPass, _ parts: Range<Int>, _ element: Int) -> Void
    ) {
        let parts = fields[field].parts
        let first = elementCounts[field]
        precondition(skip(start), "a stored document is JSON")
        if !skip(end) {
            repeat {
                let element = elementCounts[field]
                if element == fields[parts.lowerBound].cells.capacity { makeRoom(for: element * 2, in: field) }
                elementCounts[field] += 1
                readElement(&self, parts, element)
            } while skip(",")
            precondition(skip(end), "a stored document is JSON")
        }
        fields[field].cells.set(row, toElements: first..<elementCounts[field])
    }

    private func makeRoom(for count: Int, in field: Int) {
        let elements = fields[field].cells.elements(capacity: count)
        let parts = fields[field].parts
        if fields[field].form == .map {
            for (index, part) in parts.enumerated() { replaceCells(of: part, elements.member(index)) }
        } else {
            replaceCells(of: parts.lowerBound, elements)
        }
    }

    private func replaceCells(of field: Int, _ cells: WritableCells) {
        let parts = fields[field].parts
        switch fields[field].form {
        case .structure:
            for (index, part) in parts.enumerated() { replaceCells(of: part, cells.member(index)) }
        case .list, .map:
            let capacity = fields[parts.lowerBound].cells.capacity
            fields[field].cells = cells
            makeRoom(for: capacity, in: field)
        default: break
        }
        fields[field].cells = cells
    }

    /// Reads a number or a truth value.
    private mutating func readWord() -> Substring {
        let rest = json[position...]
        let word = rest.prefix { ![UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]")].contains($0) }
        position = word.endIndex
        return Substring(decoding: word, as: UTF8.self)
    }

    /// Reads a string.
    ///
    /// - Parameter body: Gets its characters, UTF-8.
    private mutating func readString(_ body: (UnsafeRawBufferPointer) -> Void) {
        let start = position + 1
        let bytes = json.bindMemory(to: UInt8.self)
        var end = bytes.endOfPlainASCII(from: start)
        var isEscaped = false
        while bytes[end] != UInt8(ascii: "\"") {
            if bytes[end] == UInt8(ascii: "\\") {
                isEscaped = true
                end += 1
            }
            end = bytes.endOfPlainASCII(from: end + 1)
        }
        defer { position = end + 1 }
        guard isEscaped else {
            body(UnsafeRawBufferPointer(rebasing: json[start..<end]))
            return
        }
        do {
            guard case .string(var text) = try JSONValue(parsing: json[position...end]) else {
                preconditionFailure("what stands in quotes is a string")
            }
            text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
        } catch {
            preconditionFailure("a stored document is not JSON: \(error)")
        }
    }
}

extension Timestamp {
    /// - Parameter text: A time as stored documents have it.
    fileprivate init(normal text: UnsafeRawBufferPointer) {
        do {
            try self.init(String(decoding: text, as: UTF8.self))
        } catch {
            preconditionFailure("a stored time cannot be read: \(error)")
        }
    }
}
