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
            var keys: [UniqueKey] = []
            _ = firstKey { key -> Void? in
                keys.append(key)
                return nil
            }
            return keys
        }

        /// What a function finds by the unique keys that it can be, each of which is worked out when its turn has come.
        package func firstKey<Result>(_ find: (UniqueKey) -> Result?) -> Result? {
            guard let (kind, text) = keyText else { return nil }
            // What is a value of one key is none of another's, and it takes longest to find out that a text is not.
            for key in kind.referenceKeys where key.isNormal(text) {
                if let found = find(UniqueKey(name: key.name, value: text)) { return found }
            }
            for key in kind.referenceKeys where !key.isNormal(text) {
                if let value = key.normalize(text), let found = find(UniqueKey(name: key.name, value: value)) {
                    return found
                }
            }
            return nil
        }
    }

    /// Reads a reference, the way the last part of a path names a resource.
    package func reference(_ text: String) -> Reference {
        Reference(self, text)
    }

    /// The fields whose values can be references.
    package var referenceFields: [String] {
        [identifierKey] + resourceType.fields.filter { $0.uniqueKey != nil }.map(\.name)
    }

    /// Whether resources can have a unique key of that name in a field.
    package func hasUniqueKey(_ name: String) -> Bool { resourceType.fields.contains { $0.uniqueKey == name } }

    private struct ReferenceKey: Sendable {
        var name: String
        var isNormal: @Sendable (String) -> Bool
        var normalize: @Sendable (String) -> String?
    }

    /// By the number of the kind.
    private static let referenceKeys = allCases.map { referenceKeys(of: $0.resourceType) }

    private var referenceKeys: [ReferenceKey] { Self.referenceKeys[number] }

    private static func referenceKeys(of type: any Resource.Type) -> [ReferenceKey] {
        let keys = type.fields.compactMap { field -> ReferenceKey? in
            guard let name = field.uniqueKey else { return nil }
            let element = (field.type.elementType as? any JSONStructure.Type)?.fields.first {
                $0.name == field.uniqueElementKey
            }
            if let value = (element ?? field).type as? any StringValue.Type {
                return ReferenceKey(name: name, isNormal: value.isNormal) { text in
                    do { return try value.init(reference: text).description } catch { return nil }
                }
            }
            guard field.type == String.self else { return nil }
            return ReferenceKey(name: name, isNormal: { _ in true }, normalize: { $0 })
        }
        // Of several fields with one key, the last takes all that those before it do: an interface has other addresses, too.
        return keys.enumerated().filter { index, key in !keys[(index + 1)...].contains { $0.name == key.name } }.map(
            \.element
        )
    }
}

extension StringValue {
    fileprivate static func isNormal(_ text: String) -> Bool {
        var text = text
        return text.withUTF8(isNormal)
    }
}
