import Schema

extension TokenClaims {
    /// Reads the claims of a token whose signature is good.
    ///
    /// - Throws: ``TokenError/claims(_:)`` for claims of another form than RFC 7519 gives them.
    init(_ object: JSONObject) throws(TokenError) {
        sub = try Self.text(object, "sub")
        iss = try Self.text(object, "iss")
        aud = try Self.audience(object["aud"])
        exp = try Self.time(object, "exp")
        nbf = try Self.time(object, "nbf")
        iat = try Self.time(object, "iat")
        roles = (object["roles"]?.names ?? []) + (object["role"]?.names ?? [])
    }

    /// The object that the second part of a token is.
    ///
    /// - Throws: ``TokenError/claims(_:)`` for what is no object, and for names that occur twice.
    static func object(json: [UInt8]) throws(TokenError) -> JSONObject {
        let value: JSONValue
        do throws(JSONParseError) {
            value = try JSONValue(parsing: json, maximumDepth: maximumDepth)
        } catch {
            throw .claims("its claims are not JSON: \(error.message)")
        }
        guard case .object(let object) = value else { throw .claims("its claims are no object") }
        return object
    }

    /// How many arrays and objects may lie in each other.
    private static let maximumDepth = 32

    private static func text(_ object: JSONObject, _ name: String) throws(TokenError) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string else { throw .claims("its \(name) is no text") }
        return text
    }

    /// One recipient or several (RFC 7519, section 4.1.3).
    private static func audience(_ value: JSONValue?) throws(TokenError) -> [String] {
        switch value {
        case nil: return []
        case .string(let name): return [name]
        case .array(let elements):
            let names = elements.compactMap(\.string)
            guard names.count == elements.count else { break }
            return names
        default: break
        }
        throw .claims("its aud is neither a text nor a list of texts")
    }

    private static func time(_ object: JSONObject, _ name: String) throws(TokenError) -> Double? {
        guard let value = object[name] else { return nil }
        guard case .number(let number) = value, number.double.isFinite else { throw .claims("its \(name) is no time") }
        return number.double
    }

    /// The claims as a token has them.
    var json: JSONValue {
        var object = JSONObject()
        object["sub"] = sub.map(JSONValue.string)
        object["iss"] = iss.map(JSONValue.string)
        if let name = aud.first { object["aud"] = aud.count == 1 ? .string(name) : .array(aud.map(JSONValue.string)) }
        for (name, time) in [("exp", exp), ("nbf", nbf), ("iat", iat)] {
            guard let time else { continue }
            object[name] = .number(Int(exactly: time).map { JSONNumber($0) } ?? JSONNumber(time))
        }
        switch roles.count {
        case 0: break
        case 1: object["role"] = .string(roles[0])
        default: object["roles"] = .array(roles.map(JSONValue.string))
        }
        return .object(object)
    }
}
