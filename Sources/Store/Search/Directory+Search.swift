import BasicContainers
import Foundation
import Inventory
import Records

extension Directory {
    /// The resources that match a search that asks for nothing but values which the directory finds resources by: unique keys
    /// and values of indexed fields. All of them are as one transaction left them.
    ///
    /// - Returns: The resources, and the last transaction that changed any of their kinds; nil when it asks for anything else, or
    ///   for values that too many share.
    func resources(matching search: Search) -> (resources: ResourceList, lastChange: ChainPoint)? {
        guard let condition = search.onlyEquality else { return nil }
        let wanted = condition.values
        guard wanted.reduce(0, { $0 + $1.values.count }) <= ValueIndex.maximumFound else { return nil }
        var unindexed: Set<Kind> = []
        let state = withTables { tables -> (candidates: [[DirectoryTable.Found]], lastChange: ChainPoint)? in
            var candidates: [[DirectoryTable.Found]] = []
            var count = 0
            for (field, values) in wanted {
                for value in values {
                    guard let some = tables.candidates(with: value, in: field, of: search.kind, &unindexed) else {
                        return nil
                    }
                    count += some.count
                    guard count <= ValueIndex.maximumFound else { return nil }
                    candidates.append(some)
                }
            }
            return (candidates, tables.lastChange(of: search.kinds))
        }
        for kind in unindexed { makeIndex(kind) }
        guard let (candidates, lastChange) = state else { return nil }
        var (found, ids, index): ([DirectoryTable.Found], Set<UUID>, Int) = ([], [], 0)
        for (field, values) in wanted {
            for value in values {
                for candidate in candidates[index] where field.holds(value, in: candidate.stored, of: search.kind) {
                    // One value finds each only once.
                    if candidates.count == 1 || ids.insert(candidate.id).inserted { found.append(candidate) }
                }
                index += 1
            }
        }
        guard found.count <= min(search.limit ?? .max, search.order.isByIdentifier ? .max : 1) else { return nil }
        if found.count > 1 { found.sort { $0.id.numbers < $1.id.numbers } }
        return (ResourceList(found), lastChange)
    }
}

extension SearchField {
    /// Whether a candidate for a value has it: the key may be that of another field, and hashes of values may be equal.
    fileprivate func holds(_ value: String, in stored: StoredResource, of kind: Kind) -> Bool {
        switch access {
        case .identifier, .embedded: return true
        case .unique:
            let spellings = storedSpellings(of: value)
            return values(in: stored.json).contains(where: spellings.contains)
        case .indexed(let path): return kind.has(json(of: value), at: path, in: stored.document)
        case .scanned: return false
        }
    }
}

extension DirectoryTable {
    /// A resource that may have a value.
    fileprivate typealias Found = (id: UUID, stored: StoredResource)
}

extension UniqueArray<DirectoryTable> {
    /// The resources that may have a value in a field, in no order, each once; nil where they cannot be found so.
    ///
    /// - Parameter unindexed: Gets the kinds whose values are in no index yet.
    fileprivate func candidates(
        with value: String,
        in field: SearchField,
        of kind: Kind,
        _ unindexed: inout Set<Kind>
    ) -> [DirectoryTable.Found]? {
        switch field.access {
        case .identifier:
            guard let id = UUID(spelling: value) else { return [] }
            return self[kind.number].resource(id).map { [(id, $0)] } ?? []
        case .unique(let name):
            let key = UniqueKey(name: name, value: value)
            guard !key.identifiesNothing, !self[kind.number].hasClaims else { return nil }
            return self[kind.number].resource(of: key).map { [$0] } ?? []
        case .indexed(let path):
            if !self[kind.number].hasIndex { unindexed.insert(kind) }
            let hash = field.json(of: value).withUnsafeBufferPointer { Kind.indexedHash(of: $0, at: path) }
            return self[kind.number].candidates(hash)
        case .embedded(let inner, let embedded):
            let others = candidates(with: value, in: inner, of: embedded, &unindexed)
            return others?.filter { inner.holds(value, in: $0.stored, of: embedded) }.flatMap { other in
                self[kind.number].embedders(of: other.id).compactMap { id in
                    self[kind.number].resource(id).map { (id, $0) }
                }
            }
        case .scanned: return nil
        }
    }
}
