package import Schema

/// A structure that the inventory stores under an identifier of its own.
///
/// What is special about a kind stands with its structure; where nothing is said, the kind is like most.
package protocol Resource: JSONStructure, Equatable {
    /// The JSON key of the identifier.
    static var identifierKey: String { get }

    /// Names of the kind in paths, beside its own, which clients of the Go service use.
    static var otherNames: [String] { get }

    /// The fields that people call a resource by, the first that it has.
    static var commonNameKeys: [String] { get }

    /// The fields that one logs in to it with; none where nobody does.
    static var loginKeys: [String] { get }

    /// The Go service's names of fields in searches, each with the path that it stands for.
    static var otherFieldNames: [String: String] { get }

    /// Parameters of searches that ask for resources without a field, each with its path, as the Go service has them.
    static var absenceNames: [String: String] { get }

    /// A parameter of searches that asks for resources by what lists them.
    static var membership: Membership? { get }

    /// The field that has a copy of a resource of another kind, and that one's structure; see ``Embedding``.
    static var embedded: (key: String, type: any Resource.Type)? { get }

    /// The rules that concern several resources.
    static var rules: (any ResourceRules)? { get }

    /// Structures within that have schemas of their own.
    static var parts: [any JSONStructure.Type] { get }

    /// The field that the server sets to the subject of the token that created the resource.
    static var creatorKey: String? { get }

    /// Whether resources have ``reservedKeys``.
    static var reservesKeys: Bool { get }

    /// Keys that no other resource of the kind can have, beside those of fields.
    var reservedKeys: [UniqueKey] { get }

    /// Says that one of the ``reservedKeys`` is another resource's.
    ///
    /// - Parameter holder: What people call that one, and its id.
    /// - Returns: Nil for a key of a field.
    static func reservation(of key: UniqueKey, by holder: String) -> String?
}

extension Resource {
    /// The kind that the structure defines.
    package static var kind: Kind { Kind(of: self) }

    package static var identifierKey: String { "id" }
    package static var otherNames: [String] { [] }
    package static var loginKeys: [String] { [] }
    package static var otherFieldNames: [String: String] { [:] }
    package static var absenceNames: [String: String] { [:] }
    package static var membership: Membership? { nil }
    package static var embedded: (key: String, type: any Resource.Type)? { nil }
    package static var rules: (any ResourceRules)? { nil }
    package static var parts: [any JSONStructure.Type] { [] }
    package static var creatorKey: String? { nil }
    package static var reservesKeys: Bool { false }
    package var reservedKeys: [UniqueKey] { [] }
    package static func reservation(of key: UniqueKey, by holder: String) -> String? { nil }

    /// Says that a key is another resource's.
    ///
    /// - Parameter holder: What people call that one, and its id.
    package static func conflict(over key: UniqueKey, heldBy holder: String) -> String {
        reservation(of: key, by: holder)
            ?? "The \(key.name) \(key.value) already belongs to the \(kind.name) \(holder)."
    }
}
