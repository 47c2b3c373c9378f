package import Inventory
import Schema

extension Kind {
    /// The document that this or another version of the program has stored.
    ///
    /// - Parameter unknown: Gets the paths of fields that this version does not have, which are left out.
    /// - Throws: ``JSONParseError``; ``StoredFormatError`` for what is no document of this kind.
    package func readable(_ document: [UInt8], unknown: inout Set<String>) throws -> Document {
        var secrets: [(pointer: String, value: String)] = []
        if let document = Document(reading: document, self, .stored, secrets: &secrets) { return document }
        let known = try resourceType.keepingKnown(JSONValue(parsing: document), path: name, unknown: &unknown)
        do {
            let normal = try resourceType.init(json: known).document
            if let document = Document(reading: normal, self, .stored, secrets: &secrets) { return document }
        } catch {
            throw StoredFormatError(description: "a stored \(name) cannot be read: \(error)")
        }
        throw StoredFormatError(description: "a stored \(name) has no normal form")
    }
}

/// A document on disk that this version of the program has no place for.
package struct StoredFormatError: Error, CustomStringConvertible {
    package let description: String
}

extension JSONRepresentable {
    /// A value without the fields that the type does not have, and with times that can be read.
    fileprivate static func keepingKnown(_ value: JSONValue, path: String, unknown: inout Set<String>) -> JSONValue {
        switch (shape, value) {
        case (.structure(let type), .object(let object)):
            var kept = JSONObject()
            for member in object {
                let memberPath = "\(path).\(member.key)"
                if let field = type.fields.first(where: { $0.name == member.key }) {
                    kept[member.key] = field.type.keepingKnown(member.value, path: memberPath, unknown: &unknown)
                } else {
                    unknown.insert(memberPath)
                }
            }
            return .object(kept)
        case (.text, .string(let text)) where self is Timestamp.Type:
            // Format 1 had the year 0, too.
            return Timestamp(nearest: text).map { .string($0.description) } ?? value
        case (.list(let element), .array(let elements)), (.distinctList(let element), .array(let elements)):
            return .array(elements.map { element.keepingKnown($0, path: path, unknown: &unknown) })
        default: return value
        }
    }
}
