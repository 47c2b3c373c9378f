import Schema

/// What is read as JSON is, written and read again, the same; and it is read the same in one piece and element by element.
enum JSONCheck {
    @Sendable static func check(_ bytes: [UInt8]) throws {
        let value: JSONValue
        do throws(JSONParseError) {
            value = try JSONValue(parsing: bytes)
        } catch {
            try Finding.unless((0...bytes.count).contains(error.offset), "an error beyond the text: \(error)")
            return try checkElements(bytes, of: nil)
        }
        let text = value.bytes
        for spelling in [text, Array(value.prettyText.utf8)] {
            let again = try read(spelling)
            try Finding.unless(again == value && again.hashValue == value.hashValue, "\(value) became \(again)")
            try Finding.unless(again.bytes == text, "\(value) is now written as \(again)")
        }
        try checkNumbers(value)
        try checkElements(bytes, of: value)
    }

    /// Reads what was written.
    private static func read(_ bytes: [UInt8]) throws(Finding) -> JSONValue {
        do throws(JSONParseError) {
            return try JSONValue(parsing: bytes)
        } catch {
            throw Finding("what was written cannot be read: \(error)")
        }
    }

    /// - Parameter whole: What the text is in one piece; nil where it is not JSON.
    private static func checkElements(_ bytes: [UInt8], of whole: JSONValue?) throws {
        for name in [nil, "keys"] {
            var elements: [JSONValue] = []
            var rest: JSONValue?
            do {
                rest = try JSONValue.parse(bytes, elementsOf: name) { element, text in
                    try Finding.unless(read(Array(text)) == element, "an element is not its text: \(element)")
                    elements.append(element)
                    return true
                }
            } catch let error as JSONParseError {
                try Finding.unless(whole == nil, "read as a whole, but not by its elements: \(error)")
                continue
            }
            guard let whole else { throw Finding("read by its elements, but not as a whole") }
            guard var expected = name == nil ? whole : whole[name ?? ""], case .array(let list) = expected else {
                try Finding.unless(elements.isEmpty && rest == whole, "elements of what is no array")
                continue
            }
            try Finding.unless(elements == list, "other elements than the whole has")
            expected = whole
            if let name {
                guard case .object(var object) = whole else { throw Finding("a member of what is no object") }
                object[name] = []
                expected = .object(object)
            } else {
                expected = []
            }
            try Finding.unless(rest == expected, "another rest than the whole has")
        }
    }

    private static func checkNumbers(_ value: JSONValue) throws(Finding) {
        switch value {
        case .number(let number):
            try Finding.unless(JSONNumber(literal: number.literal) != nil, "\(number.literal) is no number")
            try Finding.unless(!(number < number), "\(number.literal) is below itself")
            guard let int = number.int else { return }
            try Finding.unless(
                number.isIntegral && JSONNumber(int) == number && number.double == Double(int),
                "\(number.literal) is not \(int)"
            )
        case .array(let elements): for element in elements { try checkNumbers(element) }
        case .object(let object): for member in object { try checkNumbers(member.value) }
        case .null, .bool, .string: break
        }
    }
}
