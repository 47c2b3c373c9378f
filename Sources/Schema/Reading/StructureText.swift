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
        self = with(room: value?.count ?? 0) { $0 == field ? value : self.value($0) }
    }

    /// Gives every field that another text has the other's value, but for one field.
    package mutating func overwrite(with other: StructureText, except kept: Int) {
        self = with(room: other.bytes.count) { $0 == kept ? value($0) : other.value($0) ?? value($0) }
    }

    /// A text with other values.
    ///
    /// - Parameters:
    ///   - room: How many bytes it may take beyond those of this one.
    ///   - value: The value of a field; nil for a field that is absent.
    private func with(room: Int, _ value: (Int) -> ArraySlice<UInt8>?) -> StructureText {
        var new = StructureText(reader: reader, bytes: [], values: values)
        new.bytes.reserveCapacity(bytes.count + room + 64)
        new.bytes.append(UInt8(ascii: "{"))
        for field in values.indices {
            guard let value = value(field) else {
                new.values[field] = 0..<0
                continue
            }
            if new.bytes.count > 1 { new.bytes.append(UInt8(ascii: ",")) }
            new.bytes.append(contentsOf: reader.key(field))
            let start = new.bytes.count
            new.bytes.append(contentsOf: value)
            new.values[field] = start..<new.bytes.count
        }
        new.bytes.append(UInt8(ascii: "}"))
        return new
    }
}
