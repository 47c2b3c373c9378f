/// Writes compact JSON (RFC 8259), piece by piece, with the commas where they belong.
///
/// Strings are escaped as little as possible: the quote, the backslash and control characters.
package struct JSONWriter: Sendable {
    /// What has been written so far, UTF-8.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// Creates a writer that has written nothing.
    ///
    /// - Parameter capacity: How many bytes there is to be room for at first.
    package init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    /// What has been written so far.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// What has been written so far, in an array that takes no more memory than it needs.
    package func copy() -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }

    /// Forgets what was written, but keeps the memory for it.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// Begins an object, which consists of keys each followed by a value.
    package mutating func beginObject() { open("{") }

    /// Ends the object begun last.
    package mutating func endObject() { close("}") }

    /// Begins an array, which consists of values.
    package mutating func beginArray() { open("[") }

    /// Ends the array begun last.
    package mutating func endArray() { close("]") }

    /// Writes the name of the member whose value is written next.
    package mutating func key(_ key: String) {
        var key = key
        key.withUTF8 { self.key(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// Writes the name of the member whose value is written next.
    ///
    /// - Parameter text: Valid UTF-8.
    package mutating func key(utf8 text: UnsafeRawBufferPointer) {
        string(utf8: text)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes the name of the member whose value is written next.
    ///
    /// - Parameter encoded: The name as JSON, with the colon behind it.
    package mutating func key(encoded: UnsafeRawBufferPointer) {
        write(encoded)
        needsComma = false
    }

    /// Writes a string.
    package mutating func string(_ value: some StringProtocol) {
        var text = String(value)
        text.withUTF8 { string(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// Writes a string.
    ///
    /// - Parameter text: Valid UTF-8.
    package mutating func string(utf8 text: UnsafeRawBufferPointer) {
        guard text.needEscape else { return write(text, quoted: true) }
        beginValue()
        bytes.append(UInt8(ascii: "\""))
        for character in text { appendEscaped(character) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes a value of any type.
    ///
    /// - Parameter json: Its valid JSON.
    package mutating func value(utf8 json: UnsafeRawBufferPointer) { write(json) }

    /// Writes an integer.
    package mutating func integer(_ value: some BinaryInteger) {
        guard let number = UInt64(exactly: value) else { return write(String(value)) }
        beginValue()
        bytes.append(decimal: number)
    }

    /// Writes a truth value.
    package mutating func bool(_ value: Bool) { write(value ? "true" : "false") }

    /// Writes null.
    package mutating func null() { write("null") }

    /// Writes a number as it is spelled.
    package mutating func number(_ value: JSONNumber) { write(value.literal) }

    /// Writes a value of any type.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .number(let value): number(value)
        case .string(let value): string(value)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object {
                key(member.key)
                self.value(member.value)
            }
            endObject()
        }
    }

    private mutating func beginValue() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func write(_ text: String) {
        beginValue()
        bytes.append(contentsOf: text.utf8)
    }

    /// Appends what a value consists of in one step, since most of what is written is short.
    private mutating func write(_ text: UnsafeRawBufferPointer, quoted: Bool = false) {
        let comma = needsComma
        bytes.append(addingCapacity: text.count + 3) { span in
            if comma { span.append(UInt8(ascii: ",")) }
            if quoted { span.append(UInt8(ascii: "\"")) }
            span.withUnsafeMutableBufferPointer { buffer, count in
                UnsafeMutableRawBufferPointer(buffer)[count...].copyBytes(from: text)
                count += text.count
            }
            if quoted { span.append(UInt8(ascii: "\"")) }
        }
        needsComma = true
    }

    private mutating func open(_ bracket: Unicode.Scalar) {
        beginValue()
        bytes.append(UInt8(ascii: bracket))
        needsComma = false
    }

    private mutating func close(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = true
    }

    private mutating func appendEscaped(_ character: UInt8) {
        let short: Unicode.Scalar
        switch character {
        case UInt8(ascii: "\""): short = "\""
        case UInt8(ascii: "\\"): short = "\\"
        case 0x08: short = "b"
        case 0x09: short = "t"
        case 0x0A: short = "n"
        case 0x0C: short = "f"
        case 0x0D: short = "r"
        case 0..<0x20:
            let digits = String(character, radix: 16)
            bytes.append(contentsOf: "\\u00\(digits.count == 1 ? "0" : "")\(digits)".utf8)
            return
        default:
            bytes.append(character)
            return
        }
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(UInt8(ascii: short))
    }
}

extension UnsafeRawBufferPointer {
    /// Whether a quote, a backslash or a control character is among the bytes, which are looked at eight at a time.
    fileprivate var needEscape: Bool {
        guard count >= 8 else {
            return contains { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
        }
        for index in stride(from: 0, to: count - 8, by: 8) where needEscape(at: index) { return true }
        // The last eight, some of them for the second time.
        return needEscape(at: count - 8)
    }

    private func needEscape(at index: Int) -> Bool {
        let bytes = loadUnaligned(fromByteOffset: index, as: UInt64.self)
        let quotes = bytes ^ (Self.each * UInt64(UInt8(ascii: "\"")))
        let backslashes = bytes ^ (Self.each * UInt64(UInt8(ascii: "\\")))
        // The highest bit of a byte becomes set by going below zero where it was not set before.
        let controls = (bytes &- Self.each * 0x20) & ~bytes
        let found = controls | (quotes &- Self.each) & ~quotes | (backslashes &- Self.each) & ~backslashes
        return found & (Self.each * 0x80) != 0
    }

    private static var each: UInt64 { 0x0101_0101_0101_0101 }
}
