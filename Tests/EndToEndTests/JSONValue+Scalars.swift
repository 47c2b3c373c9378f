import Schema

extension JSONValue {
    /// The text; nil where the value is no string.
    var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The number; nil where the value is no whole number.
    var int: Int? {
        guard case .number(let number) = self else { return nil }
        return number.int
    }
}
