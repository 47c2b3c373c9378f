package import Inventory
package import Records
package import Schema

/// The fields of documents that a client wants to see.
package struct FieldSelection: Sendable {
    private let root: Part

    /// What is wanted of an object: all of it, or some members.
    private indirect enum Part: Sendable {
        case all
        case members([String: Part])

        mutating func add(_ steps: ArraySlice<SearchField.Step>) {
            guard case .members(var members) = self else { return }
            switch steps.first {
            case nil: self = .all
            case .elements: add(steps.dropFirst())
            case .member(let name), .key(let name):
                members[name, default: .members([:])].add(steps.dropFirst())
                self = .members(members)
            }
        }

        func callAsFunction(_ value: JSONValue) -> JSONValue {
            guard case .members(let members) = self else { return value }
            switch value {
            case .object(let object):
                return .object(
                    JSONObject(
                        object.compactMap { member in members[member.key].map { (member.key, $0(member.value)) } }
                    )
                )
            case .array(let elements): return .array(elements.map(callAsFunction))
            default: return value
            }
        }
    }

    /// Reads the value of `fields`: paths with commas between them.
    ///
    /// - Throws: When one is no field of the kind.
    package init(_ kind: Kind, _ text: String) throws(InvalidValue) {
        var root = Part.members([:])
        for path in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let field = SearchField(kind, path: String(path)) else {
                throw InvalidValue("names \(path.debugDescription), which \(SearchField.fault(of: path, kind))")
            }
            root.add(field.steps[...])
        }
        self.root = root
    }

    /// A document with nothing but the fields.
    package func document(of stored: StoredResource) -> [UInt8] {
        root(stored.json).bytes
    }
}
