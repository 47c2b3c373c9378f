package import Foundation
import Schema

extension Kind {
    /// What a client's `{ref}` can mean for this kind: an identifier, or values of unique keys in normal spelling.
    package struct Reference: Sendable {
        package var id: UUID?
        private var keyText: (kind: Kind, text: String)?

        package init(id: UUID) {
            self.id = id
        }

        fileprivate init(_ kind: Kind, _ text: String) {
            id = UUID(spelling: text)
            keyText = (kind, text)
        }

        /// The unique keys that it can be, which are worked out only when no resource has the identifier.
        package var keys: [UniqueKey] {
            guard let (kind, text) = keyText else { return [] }
            return kind.referenceKeys.compactMap { key in
                key.normalize(text).map { UniqueKey(name: key.name, value: $0) }
            }
        }
    }

    /// Reads a reference, the way the last part of a path names a resource.
    package func reference(_ text: String) -> Reference {
        Reference(self, text)
    }

    private struct ReferenceKey: Sendable {
        var name: String
        var normalize: @Sendable (String) -> String?
    }

    private static let referenceKeys: [Kind: [ReferenceKey]] = Dictionary(
        uniqueKeysWithValues: allCases.map { kind in (kind, referenceKeys(of: kind.resourceType)) }
    )

    private var referenceKeys: [ReferenceKey] { Self.referenceKeys[self, default: []] }

    private static func referenceKeys(of type: any Resource.Type) -> [ReferenceKey] {
        type.fields.compactMap { field in
            guard let name = field.uniqueKey else { return nil }
            if let value = field.type as? any StringValue.Type {
                return ReferenceKey(name: name) { text in normalSpelling(of: text, as: value) }
            }
            return field.type == String.self ? ReferenceKey(name: name) { $0 } : nil
        }
    }
}

/// The text in the normal spelling of a type, or nil when it does not spell a value of it.
private func normalSpelling<Value: StringValue>(of text: String, as type: Value.Type) -> String? {
    var text = text
    if text.withUTF8(Value.isNormal) { return text }
    do {
        return try Value(text).description
    } catch {
        return nil
    }
}
