/// What is neither a structure nor a list.
extension ReaderPass {
    mutating func readValue(_ node: UnsafePointer<ReaderNode>, field: Int) -> Bool {
        let start = position
        guard readAnyValue(node, field: field) else { return false }
        if indexedValues != nil, let path = node.pointee.indexedPath { indexedValues?.append((path, start..<position)) }
        return true
    }

    mutating func readAnyValue(_ node: UnsafePointer<ReaderNode>, field: Int) -> Bool {
        switch node.pointee.shape {
        case .string(let format): return readAnyString(node, format, field: field)
        case .boolean:
            return copy("true") || copy("false")
        case .integer:
            return copyInteger() || readByDecoder(node.pointee.type)
        case .choice(let names):
            let start = position
            guard readString() != nil else { return false }
            let text = slice(start)
            guard names.contains(where: { $0.count == text.count && $0.hasSameBytes(as: text) }) else { return false }
            output.append(contentsOf: text)
            return true
        case .text(let type): return readText(node, type, field: field)
        case .list(let element, let isDistinct):
            return readList(of: element, isDistinct: isDistinct && !isStored, field: field)
        case .structure: return readStructure(node, .whole, field: field)
        case .value: return readByDecoder(node.pointee.type)
        }
    }

    mutating func readAnyString(
        _ node: UnsafePointer<ReaderNode>,
        _ format: StringFormat?,
        field: Int
    ) -> Bool {
        let start = position
        guard let string = readString(), isStored || !node.pointee.hasPattern else { return false }
        let isSecret = node.pointee.secretPointer != nil
        let isSimple = string.isPlain && string.isASCII
        if isSimple, !isSecret, format == nil, node.pointee.uniqueKey == nil {
            output.append(contentsOf: slice(start))
            return true
        }
        let text: String
        if isSimple {
            text = String(decoding: slice(start).dropFirst().dropLast(), as: UTF8.self)
        } else {
            guard case .string(let value)? = value(from: start) else { return false }
            text = value
        }
        if !isStored, let format, !format.accepts(text) { return false }
        if let key = node.pointee.uniqueKey { keys.append((field, key, .text(text))) }
        if let pointer = node.pointee.secretPointer { secrets.append((pointer, text)) }
        if isSecret {
            output += "\"\"".utf8
        } else if isSimple {
            output.append(contentsOf: slice(start))
        } else {
            output += JSONValue.string(text).bytes
        }
        return true
    }

    mutating func readText(
        _ node: UnsafePointer<ReaderNode>,
        _ type: any StringValue.Type,
        field: Int
    ) -> Bool {
        let start = position
        guard let string = readString() else { return false }
        if string.isPlain, string.isASCII {
            let text = UnsafeBufferPointer(rebasing: input[start + 1..<position - 1])
            if let key = node.pointee.uniqueKey, let number = type.number(text) {
                output.append(contentsOf: slice(start))
                keys.append((field, key, .number(number)))
                return true
            }
            if type.isNormal(text) {
                output.append(contentsOf: slice(start))
                if let key = node.pointee.uniqueKey {
                    keys.append((field, key, .text(String(decoding: text, as: UTF8.self))))
                }
                return true
            }
        }
        guard case .string(let text)? = value(from: start) else { return false }
        let normal = Self.normal(text, type)
        if isStored, normal != text, let rule = type.laterRule {
            if !brokenRules.contains(rule) { brokenRules.append(rule) }
            output.append(contentsOf: slice(start))
            if let key = node.pointee.uniqueKey { keys.append((field, key, .text(type.key(ofStored: text)))) }
            return true
        }
        guard let normal else { return false }
        output += JSONValue.string(normal).bytes
        if let key = node.pointee.uniqueKey { keys.append((field, key, .text(normal))) }
        return true
    }

    static func normal(_ text: String, _ type: any StringValue.Type) -> String? {
        do {
            guard case .string(let normal) = try type.init(text).json else { return nil }
            return normal
        } catch {
            return nil
        }
    }

    /// Reads a value by the decoder of its type, which accepts what the type's schema does.
    mutating func readByDecoder(_ type: any JSONRepresentable.Type) -> Bool {
        let start = position
        guard skipValue(), let value = value(from: start), let normal = Self.normal(value, type) else { return false }
        output += normal.bytes
        return true
    }

    static func normal(_ value: JSONValue, _ type: any JSONRepresentable.Type) -> JSONValue? {
        do {
            return try type.init(json: value).json
        } catch {
            return nil
        }
    }

    /// The value that lies between a place and the current one.
    func value(from start: Int) -> JSONValue? {
        do {
            return try JSONValue(parsing: slice(start), maximumDepth: Self.maximumDepth - depth)
        } catch {
            return nil
        }
    }

    mutating func copy(_ word: StaticString) -> Bool {
        let word = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard skip(word) else { return false }
        output.append(contentsOf: word)
        return true
    }

    /// Copies an integer that is spelled as it is written, if there is one.
    mutating func copyInteger() -> Bool {
        var end = position
        if current == UInt8(ascii: "-") { end += 1 }
        let firstDigit = end
        while end < input.count, input[end].isASCIIDigit { end += 1 }
        let isNormal =
            (1...18).contains(end - firstDigit)
            && (input[firstDigit] != UInt8(ascii: "0") || end - position == 1)
            && end < input.count && ![UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(input[end])
        guard isNormal else { return false }
        output.append(contentsOf: UnsafeBufferPointer(rebasing: input[position..<end]))
        position = end
        return true
    }
}
