extension JSONValue {
    /// Reads one JSON text (RFC 8259), strictly.
    ///
    /// Refused are, beyond what the grammar refuses: bytes that are not UTF-8, names that occur twice in an object, escapes of
    /// lone surrogates, exponents of more than nine digits, and nesting beyond the limit.
    ///
    /// - Parameters:
    ///   - bytes: the text, without anything around it but white space and perhaps a byte order mark before it, which some
    ///     editors write (section 8.1).
    ///   - maximumDepth: how many arrays and objects may lie in each other.
    package init(parsing bytes: some Collection<UInt8>, maximumDepth: Int = 128) throws(JSONParseError) {
        let result = bytes.withContiguousStorageIfAvailable { buffer in
            JSONParser.parse(buffer, maximumDepth: maximumDepth)
        }
        self =
            try
            (result
            ?? Array(bytes).withUnsafeBufferPointer { JSONParser.parse($0, maximumDepth: maximumDepth) }).get()
    }

    /// Reads one JSON text (RFC 8259), strictly, as `init(parsing:maximumDepth:)` does for bytes.
    package init(parsing text: String, maximumDepth: Int = 128) throws(JSONParseError) {
        try self.init(parsing: text.utf8, maximumDepth: maximumDepth)
    }
}

/// A recursive-descent parser over contiguous bytes, which must outlive it.
struct JSONParser {
    /// The whole text.
    let bytes: UnsafeBufferPointer<UInt8>
    /// The current place.
    var offset = 0
    private var remainingDepth: Int
    /// How many values may still come.
    var remainingValues = Self.maximumValues

    /// How many values there may be, since each takes many times the memory of its text. No document that can be stored has
    /// as many.
    static let maximumValues = 1 << 21

    static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>,
        maximumDepth: Int
    ) -> Result<JSONValue, JSONParseError> {
        var parser = JSONParser(text: bytes, remainingDepth: maximumDepth)
        do throws(JSONParseError) {
            parser.skipWhiteSpace()
            let value = try parser.parseValue()
            parser.skipWhiteSpace()
            guard parser.current == nil else { throw parser.error("nothing may follow the value") }
            return .success(value)
        } catch {
            return .failure(error)
        }
    }

    /// - Parameter text: The whole text, with a byte order mark or without.
    init(text: UnsafeBufferPointer<UInt8>, remainingDepth: Int) {
        bytes = UnsafeBufferPointer(rebasing: text.withoutByteOrderMark)
        self.remainingDepth = remainingDepth
    }

    /// The byte at the current place, nil at the end.
    var current: UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    mutating func skipWhiteSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            default: return
            }
        }
    }

    /// Goes past a byte if it is the current one.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    mutating func parseValue() throws(JSONParseError) -> JSONValue {
        remainingValues -= 1
        guard remainingValues >= 0 else { throw error("there are more than \(Self.maximumValues) values") }
        switch current {
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "{"): return .object(try parseObject())
        case UInt8(ascii: "["): return .array(try parseArray())
        case UInt8(ascii: "t"): return try parse("true", as: .bool(true))
        case UInt8(ascii: "f"): return try parse("false", as: .bool(false))
        case UInt8(ascii: "n"): return try parse("null", as: .null)
        case let byte? where byte == UInt8(ascii: "-") || byte.isASCIIDigit: return .number(try parseNumber())
        case nil: throw error("the text ends where a value should be")
        default: throw error("a value cannot begin like this")
        }
    }

    private mutating func parse(_ word: StaticString, as value: JSONValue) throws(JSONParseError) -> JSONValue {
        let end = offset + word.utf8CodeUnitCount
        guard end <= bytes.count, bytes[offset..<end].elementsEqual(UnsafeBufferPointer(word)) else {
            throw error("a value cannot begin like this")
        }
        offset = end
        return value
    }

    private mutating func parseArray() throws(JSONParseError) -> [JSONValue] {
        var elements: [JSONValue] = []
        try enter()
        if skip("]") { return leave(elements) }
        while true {
            elements.append(try parseValue())
            skipWhiteSpace()
            if skip("]") { return leave(elements) }
            guard skip(",") else { throw error("an array goes on with a comma or ends with a bracket") }
            skipWhiteSpace()
        }
    }

    private mutating func parseObject() throws(JSONParseError) -> JSONObject {
        var object = JSONObject()
        try enter()
        if skip("}") { return leave(object) }
        object.reserveCapacity(8)
        repeat {
            let name = try parseName()
            try insert(try parseValue(), name, into: &object)
        } while try !skipEndOfObject()
        return leave(object)
    }

    /// Reads the name of a member and goes to its value.
    ///
    /// - Returns: The name, and where it is.
    mutating func parseName() throws(JSONParseError) -> (text: String, offset: Int) {
        let start = offset
        guard current == UInt8(ascii: "\"") else { throw error("a member begins with its name as a string") }
        let name = try parseString()
        skipWhiteSpace()
        guard skip(":") else { throw error("a colon must follow the name of a member") }
        skipWhiteSpace()
        return (name, start)
    }

    func insert(
        _ value: JSONValue,
        _ name: (text: String, offset: Int),
        into object: inout JSONObject
    ) throws(JSONParseError) {
        guard object.insert(value, forNewKey: name.text) else {
            throw error("the name \(name.text.quoted) occurs twice in one object", at: name.offset)
        }
    }

    /// Goes past the comma behind a member, or past the end of the object.
    ///
    /// - Returns: Whether it was the end.
    mutating func skipEndOfObject() throws(JSONParseError) -> Bool {
        skipWhiteSpace()
        if skip("}") { return true }
        guard skip(",") else { throw error("an object goes on with a comma or ends with a brace") }
        skipWhiteSpace()
        return false
    }

    /// Goes past the opening bracket of an array or object.
    mutating func enter() throws(JSONParseError) {
        guard remainingDepth > 0 else { throw error("the nesting is too deep") }
        remainingDepth -= 1
        offset += 1
        skipWhiteSpace()
    }

    mutating func leave<Container>(_ container: Container) -> Container {
        remainingDepth += 1
        return container
    }

    private mutating func parseNumber() throws(JSONParseError) -> JSONNumber {
        let start = offset
        _ = skip("-")
        if !skip("0") { try skipDigits() }
        if skip(".") { try skipDigits() }
        if skip("e") || skip("E") {
            if !skip("-") { _ = skip("+") }
            let digitsStart = offset
            while skip("0") {}
            let exponentStart = offset
            if offset == digitsStart || current?.isASCIIDigit == true { try skipDigits() }
            guard offset - exponentStart <= JSONNumber.longestExponent else {
                throw error("the exponent has more than \(JSONNumber.longestExponent) digits", at: exponentStart)
            }
        }
        return JSONNumber(checked: String(decoding: bytes[start..<offset], as: UTF8.self))
    }

    private mutating func skipDigits() throws(JSONParseError) {
        guard let digit = current, digit.isASCIIDigit else { throw error("a digit should be here") }
        repeat {
            offset += 1
        } while offset < bytes.count && bytes[offset].isASCIIDigit
    }
}

extension JSONParser {
    /// An error about the current place or another one.
    func error(_ message: String, at place: Int? = nil) -> JSONParseError {
        let place = min(place ?? offset, bytes.count)
        let before = bytes[..<place]
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let line = 1 + before.count { $0 == UInt8(ascii: "\n") }
        return JSONParseError(offset: place, line: line, column: place - lineStart + 1, message: message)
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate init(_ text: StaticString) {
        self.init(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
