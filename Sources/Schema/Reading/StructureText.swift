/// The JSON of a structure in its normal form, taken apart at its fields.
package struct StructureText: Sendable {
    private let reader: StructureReader
    /// The whole, UTF-8.
    package private(set) var bytes: [UInt8]
    /// Where the values of the fields are, by the field's number; an empty range for a field that is absent.
    private var values: [Range<Int>]

    init(reader: StructureReader, bytes: [UInt8], values: [Range<Int>]) {
        self.reader = reader
        self.bytes = bytes
        self.values = values
    }

    /// Whether one of the fields that are there belongs to a unique key, or can have a secret in it.
    package var hasFieldToFindBy: Bool {
        values.indices.contains { has($0) && reader.isToFindBy($0) }
    }

    /// Whether a field is there.
    package func has(_ field: Int) -> Bool { !values[field].isEmpty }

    /// Whether a field has a value.
    ///
    /// - Parameter json: The value's normal form.
    package func has(_ field: Int, _ json: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            json.withUnsafeBufferPointer { json in
                let value = UnsafeBufferPointer(rebasing: bytes[values[field]])
                return value.count == json.count && value.hasSameBytes(as: json)
            }
        }
    }

    /// The JSON of a field's value; nil for a field that is absent.
    package func value(_ field: Int) -> ArraySlice<UInt8>? {
        has(field) ? bytes[values[field]] : nil
    }

    /// The string that a field holds; nil for a field that is absent or holds something else.
    package func string(_ field: Int) -> String? {
        guard let json = value(field), json.first == UInt8(ascii: "\"") else { return nil }
        let text = json.dropFirst().dropLast()
        if !text.contains(UInt8(ascii: "\\")) { return String(decoding: text, as: UTF8.self) }
        do {
            guard case .string(let text) = try JSONValue(parsing: json) else { return nil }
            return text
        } catch {
            preconditionFailure("a normal form is not JSON: \(error)")
        }
    }

    /// Gives a field another value; nil takes the field out.
    ///
    /// - Parameter value: Its JSON in normal form.
    package mutating func set(_ field: Int, to value: ArraySlice<UInt8>?) {
        // The member takes a comma with it: that before it, or that behind it where it is the first.
        let before = values[..<field].last { !$0.isEmpty }?.upperBound
        let hasCommaBehind = before == nil && values[(field + 1)...].contains { !$0.isEmpty }
        let start = before ?? 1
        let end = has(field) ? values[field].upperBound + (hasCommaBehind ? 1 : 0) : start
        let key = reader.key(field)
        var new: [UInt8] = []
        new.reserveCapacity(bytes.count - (end - start) + (value.map { $0.count + key.count + 1 } ?? 0))
        new.append(contentsOf: bytes[..<start])
        values[field] = 0..<0
        if let value {
            if before != nil { new.append(UInt8(ascii: ",")) }
            new.append(contentsOf: key)
            values[field] = new.count..<new.count + value.count
            new.append(contentsOf: value)
            if hasCommaBehind { new.append(UInt8(ascii: ",")) }
        }
        let shift = new.count - end
        new.append(contentsOf: bytes[end...])
        bytes = new
        for later in (field + 1)..<values.count where has(later) {
            values[later] = values[later].lowerBound + shift..<values[later].upperBound + shift
        }
    }

    /// Gives every field that another text has the other's value, but for one field.
    package mutating func overwrite(with other: StructureText, except kept: Int) {
        var new: [UInt8] = []
        new.reserveCapacity(bytes.count + other.bytes.count)
        new.append(UInt8(ascii: "{"))
        for field in values.indices {
            guard let value = field == kept ? value(field) : other.value(field) ?? value(field) else { continue }
            if new.count > 1 { new.append(UInt8(ascii: ",")) }
            new.append(contentsOf: reader.key(field))
            values[field] = new.count..<new.count + value.count
            new.append(contentsOf: value)
        }
        new.append(UInt8(ascii: "}"))
        bytes = new
    }
}
