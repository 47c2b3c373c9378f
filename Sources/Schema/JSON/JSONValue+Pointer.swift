extension JSONValue {
    /// The value at a place; nil when there is none.
    ///
    /// Setting replaces or adds the last member on the way, and nil removes it. Nothing happens where the way there
    /// does not exist or leads through an array.
    package subscript(pointer: JSONPointer) -> JSONValue? {
        get {
            var value = self
            for token in pointer.tokens {
                switch value {
                case .object(let object):
                    guard let member = object[token] else { return nil }
                    value = member
                case .array(let elements):
                    guard let index = Int(token), elements.indices.contains(index) else { return nil }
                    value = elements[index]
                default:
                    return nil
                }
            }
            return value
        }
        set { set(newValue, at: pointer.tokens[...]) }
    }

    private mutating func set(_ newValue: JSONValue?, at tokens: ArraySlice<String>) {
        guard case .object(var object) = self, let token = tokens.first else { return }
        if tokens.count == 1 {
            object[token] = newValue
        } else {
            object[token]?.set(newValue, at: tokens.dropFirst())
        }
        self = .object(object)
    }
}
