package import Schema

extension Resource {
    /// The document as it is stored and served.
    package var document: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    /// The document as a JSON object.
    package var jsonObject: JSONObject {
        guard case .object(let object) = json else { preconditionFailure("a resource is an object") }
        return object
    }

    /// The resource that a stored document describes.
    ///
    /// Stored documents were written by ``document``; one that cannot be read is a broken invariant and traps.
    package init(stored document: [UInt8]) {
        self = .decoded(from: Self.parsed(document))
    }

    package static func decoded(from json: JSONValue) -> Self {
        do {
            return try Self(json: json)
        } catch {
            preconditionFailure("a stored \(kind.rawValue) cannot be read: \(error)")
        }
    }

    private static func parsed(_ document: [UInt8]) -> JSONValue {
        do {
            return try JSONValue(parsing: document)
        } catch {
            preconditionFailure("a stored \(kind.rawValue) is not JSON: \(error)")
        }
    }
}
