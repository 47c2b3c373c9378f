package import Schema

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
}
