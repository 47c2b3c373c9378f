extension JSONValue {
    /// The value of a member; nil where the value is no object or has no such member.
    package subscript(key: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[key]
    }

    /// The elements; none where the value is no array.
    package var array: [JSONValue] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    /// The text; nil where the value is no string.
    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The number; nil where the value is no whole number.
    package var int: Int? {
        guard case .number(let number) = self else { return nil }
        return number.int
    }
}
