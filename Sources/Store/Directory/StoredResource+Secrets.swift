import Schema

extension StoredResource {
    /// The sealed secrets as a JSON object.
    var encodedSecrets: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for (pointer, secret) in secrets.sorted(by: { $0.key < $1.key }) {
            writer.key(pointer)
            writer.string(secret.description)
        }
        writer.endObject()
        return writer.bytes
    }

    /// Reads sealed secrets from a JSON object.
    static func secrets(encoded: [UInt8]) throws(JSONParseError) -> [String: SealedSecret] {
        guard case .object(let members) = try JSONValue(parsing: encoded) else { return [:] }
        var secrets: [String: SealedSecret] = [:]
        for member in members {
            if case .string(let text) = member.value { secrets[member.key] = SealedSecret(text) }
        }
        return secrets
    }
}
