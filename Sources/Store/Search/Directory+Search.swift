import Foundation
import Inventory
import Records

extension Directory {
    /// The resources that match a search that asks for nothing but values which the directory finds resources by: unique keys
    /// and values of indexed fields.
    ///
    /// - Returns: Nil when it asks for anything else, or for values that too many share.
    func resources(matching search: Search) -> ResourceList? {
        guard let condition = search.onlyEquality else { return nil }
        let count = condition.values.reduce(0) { $0 + $1.values.count }
        guard count <= ValueIndex.maximumFound else { return nil }
        var found: [UUID: StoredResource] = [:]
        for (field, values) in condition.values {
            for value in values {
                guard let resources = resources(with: value, in: field, of: search.kind) else { return nil }
                for (id, stored) in resources { found[id] = stored }
            }
        }
        guard found.count <= min(search.limit ?? .max, search.order.isByIdentifier ? .max : 1) else { return nil }
        return ResourceList(found.map { ($0.key, $0.value) }.sorted { $0.id.numbers < $1.id.numbers })
    }

    /// The resources that have a value in a field, in no order; nil where they cannot be found so.
    private func resources(
        with value: String,
        in field: SearchField,
        of kind: Kind
    ) -> [(id: UUID, stored: StoredResource)]? {
        switch field.access {
        case .identifier:
            guard let id = UUID(spelling: value) else { return [] }
            return resource(kind, id: id).map { [(id, $0)] } ?? []
        case .unique(let name):
            let key = UniqueKey(name: name, value: value)
            guard !key.identifiesNothing, !hasClaims(kind) else { return nil }
            guard let id = holder(kind, of: key), let stored = resource(kind, id: id) else { return [] }
            // The key may be that of another field.
            let spellings = field.storedSpellings(of: value)
            return field.values(in: stored.json).contains(where: spellings.contains) ? [(id, stored)] : []
        case .indexed(let path): return resources(kind, with: field.json(of: value), at: path)
        case .embedded(let inner, let embedded):
            guard let others = resources(with: value, in: inner, of: embedded) else { return nil }
            let holders = others.flatMap { embedders(kind, of: $0.id) }
            guard holders.count <= ValueIndex.maximumFound else { return nil }
            return holders.compactMap { id in resource(kind, id: id).map { (id, $0) } }
        case .scanned: return nil
        }
    }
}
