package import Schema

/// A field that has a copy of a resource of another kind, such as a node's `bmc`.
///
/// A client may give only a part of it, and its secrets are those of that resource. Which resource is meant, and what
/// becomes of it, is for the ``ResourceRules`` of the kind that has the field.
package final class Embedding: Sendable {
    /// The field's JSON key.
    package let key: String
    /// The kind of the resource.
    package let kind: Kind
    /// The field's number.
    let field: Int
    /// What JSON pointers into the copy begin with.
    private let prefix: String
    /// What the copy's JSON begins with, before its identifier.
    let start: [UInt8]
    /// The copy's field that says where the resource is, which comes after the identifier.
    package let placeKey = "xname"
    /// What stands between the identifier and the place.
    private let placeStart: [UInt8]
    /// The fields that the copy may lack, but no new resource, by their numbers and names.
    private let required: [(Int, String)]

    init(_ key: String, of type: any Resource.Type, in holder: any Resource.Type) {
        let fields = type.fields
        precondition(
            fields.prefix(2).map(\.name) == [type.identifierKey, placeKey],
            "an embedded document begins with its identifier and its place"
        )
        self.key = key
        kind = type.kind
        field = holder.number(of: key)
        prefix = JSONPointer([key, ""]).description
        start = Array("{\"\(type.identifierKey)\":\"".utf8)
        placeStart = Array("\",\"\(placeKey)\":\"".utf8)
        required = fields.enumerated().filter(\.element.isRequired).map { ($0.offset, $0.element.name) }
    }

    /// Whether a JSON pointer from the document leads into the copy.
    package func owns(_ pointer: String) -> Bool { pointer.hasPrefix(prefix) }

    /// A JSON pointer that leads into the copy, from there.
    package func pointer(inCopy pointer: String) -> String { String(pointer.dropFirst(prefix.count - 1)) }

    /// The place in a copy's JSON in normal form; nil where it has none.
    func place(inCopy json: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
        let rest = json.dropFirst(start.count + 36)
        guard rest.starts(with: placeStart) else { return nil }
        let place = rest.dropFirst(placeStart.count).prefix { $0 != UInt8(ascii: "\"") }
        return UnsafeBufferPointer(rebasing: place)
    }

    /// What a new resource that came as a copy lacks, by pointers from the one that has the copy.
    ///
    /// - Parameter copy: The copy, which may break its schema elsewhere.
    package func missingFields(in copy: JSONObject) -> [SchemaViolation] {
        missing { _, name in copy[name] == nil }
    }

    /// What a new resource that came as a copy lacks, by pointers from the one that has the copy.
    package func missingFields(in copy: Document) -> [SchemaViolation] {
        missing { field, _ in !copy.has(field) }
    }

    /// - Parameter isMissing: Tells by a field's number and name whether it is absent.
    private func missing(_ isMissing: (Int, String) -> Bool) -> [SchemaViolation] {
        required.filter(isMissing).map { _, name in
            SchemaViolation(
                pointer: JSONPointer([key, name]),
                message: "is required of a \(kind.name) that is not stored yet",
                keyword: "required"
            )
        }
    }
}

extension Kind {
    /// The field that has a copy of another resource.
    package var embedding: Embedding? { Self.embeddings[number] }

    private static let embeddings = allCases.map { kind in
        let holder = kind.resourceType
        return holder.embedded.map { Embedding($0.key, of: $0.type, in: holder) }
    }

    /// The kinds that have copies of resources of this kind.
    package var embedders: [Kind] { Self.embedders[number] }

    private static let embedders = allCases.map { kind in allCases.filter { $0.embedding?.kind == kind } }
}
