extension JSONValue {
    /// Reads a JSON text with an array of which only one element is there at a time: the text itself, or a member of the
    /// object that it is.
    ///
    /// - Parameters:
    ///   - bytes: As for `init(parsing:maximumDepth:)`.
    ///   - member: The name of the member; nil for an array.
    ///   - body: Gets each element, with its text. When it returns false, the rest is not read.
    /// - Returns: The text without the elements; nil where the rest was not read.
    /// - Throws: ``JSONParseError``; what `body` throws.
    package static func parse(
        _ bytes: some Collection<UInt8>,
        elementsOf member: String? = nil,
        maximumDepth: Int = 128,
        _ body: (JSONValue, UnsafeBufferPointer<UInt8>) throws -> Bool
    ) throws -> JSONValue? {
        let result = try bytes.withContiguousStorageIfAvailable { buffer in
            try JSONParser.parse(buffer, elementsOf: member, maximumDepth: maximumDepth, body)
        }
        return try result
            ?? Array(bytes).withUnsafeBufferPointer { buffer in
                try JSONParser.parse(buffer, elementsOf: member, maximumDepth: maximumDepth, body)
            }
    }
}

extension JSONParser {
    fileprivate static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>,
        elementsOf member: String?,
        maximumDepth: Int,
        _ body: (JSONValue, UnsafeBufferPointer<UInt8>) throws -> Bool
    ) throws -> JSONValue? {
        var parser = JSONParser(text: bytes, remainingDepth: maximumDepth)
        parser.skipWhiteSpace()
        let rest = try member.map { try parser.parseObject(elementsOf: $0, body) } ?? parser.parseArray(body)
        guard let rest else { return nil }
        parser.skipWhiteSpace()
        guard parser.current == nil else { throw parser.error("nothing may follow the value") }
        return rest
    }

    private mutating func parseObject(
        elementsOf member: String,
        _ body: (JSONValue, UnsafeBufferPointer<UInt8>) throws -> Bool
    ) throws -> JSONValue? {
        guard current == UInt8(ascii: "{") else { return try parseValue() }
        var object = JSONObject()
        try enter()
        if skip("}") { return .object(leave(object)) }
        repeat {
            let name = try parseName()
            let value: JSONValue?
            if name.text == member, current == UInt8(ascii: "[") {
                value = try parseArray(body)
            } else {
                value = try parseValue()
            }
            guard let value else { return nil }
            try insert(value, name, into: &object)
        } while try !skipEndOfObject()
        return .object(leave(object))
    }

    /// - Returns: An empty array; nil where the rest was not read.
    private mutating func parseArray(
        _ body: (JSONValue, UnsafeBufferPointer<UInt8>) throws -> Bool
    ) throws -> JSONValue? {
        guard current == UInt8(ascii: "[") else { return try parseValue() }
        try enter()
        if skip("]") { return .array(leave([])) }
        while true {
            let start = offset
            let element = try parseValue()
            let text = UnsafeBufferPointer(rebasing: bytes[start..<offset])
            guard try body(element, text) else { return nil }
            remainingValues = Self.maximumValues
            skipWhiteSpace()
            if skip("]") { return .array(leave([])) }
            guard skip(",") else { throw error("an array goes on with a comma or ends with a bracket") }
            skipWhiteSpace()
        }
    }
}
