extension JSONValue {
    /// The value as a merge patch changes it (RFC 7396): members of objects are replaced one by one, and null removes.
    package func merging(_ patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var result = JSONObject()
        if case .object(let members) = self { result = members }
        for change in changes where change.value != .null {
            result[change.key] = (result[change.key] ?? .null).merging(change.value)
        }
        // All at once, since to remove one takes as long.
        result.removeAll { changes[$0] == .null }
        return .object(result)
    }
}
