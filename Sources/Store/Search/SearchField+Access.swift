import Inventory
import Schema
import Tables

extension SearchField {
    /// How resources are found by a value of a field.
    indirect enum Access: Sendable {
        case identifier
        /// By the unique key of this name, which may belong to several fields.
        case unique(String)
        /// By the index of values; the number of the path.
        case indexed(Int)
        /// By the resource that they have a copy of, which is found by the value of a field of its own.
        case embedded(SearchField, Kind)
        /// In the projection alone.
        case scanned
    }

    /// - Parameter names: The names of the fields that lead to the value.
    static func access(_ kind: Kind, _ names: [String]) -> Access {
        if names == [kind.identifierKey] { return .identifier }
        if let embedding = kind.embedding, names.first == embedding.key {
            let rest = names.dropFirst().joined(separator: ".")
            return SearchField(embedding.kind, path: rest).map { .embedded($0, embedding.kind) } ?? .scanned
        }
        if let path = kind.indexedPaths.firstIndex(of: names.joined(separator: ".")) { return .indexed(path) }
        guard let field = kind.resourceType.fields.first(where: { $0.name == names.first }),
            names.dropFirst().first == field.uniqueElementKey, names.count <= 2, let key = field.uniqueKey
        else { return .scanned }
        return .unique(key)
    }

    /// The JSON of a value, in normal form.
    func json(of value: String) -> [UInt8] {
        column == .integer ? Array(value.utf8) : JSONValue.string(value).bytes
    }
}
