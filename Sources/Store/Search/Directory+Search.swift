import BasicContainers
import Foundation
import Inventory
import Records

extension Directory {
    /// The resources that match a search that asks for nothing but values which the directory finds resources by: unique keys
    /// and values of indexed fields. All of them are as one transaction left them.
    ///
    /// - Returns: Nil when it asks for anything else, or for values that too many share.
    func resources(matching search: Search) -> ResourceList? {
        guard let condition = search.onlyEquality else { return nil }
        let count = condition.values.reduce(0) { $0 + $1.values.count }
        guard count <= ValueIndex.maximumFound else { return nil }
        var unindexed: Set<Kind> = []
        let candidates = withTables { tables -> [Candidate]? in
            var candidates: [Candidate] = []
            for (field, values) in condition.values {
                for value in values {
                    guard let some = tables.candidates(with: value, in: field, of: search.kind, &unindexed),
                        candidates.count + some.count <= ValueIndex.maximumFound
                    else { return nil }
                    candidates += some
                }
            }
            return candidates
        }
        for kind in unindexed { makeIndex(kind) }
        guard let candidates else { return nil }
        var found: [UUID: StoredResource] = [:]
        for candidate in candidates where found[candidate.id] == nil {
            if candidate.isWhatIsAskedFor { found[candidate.id] = candidate.stored }
        }
        guard found.count <= min(search.limit ?? .max, search.order.isByIdentifier ? .max : 1) else { return nil }
        return ResourceList(found.map { ($0.key, $0.value) }.sorted { $0.id.numbers < $1.id.numbers })
    }
}

/// A resource that may have a value in a field.
private struct Candidate {
    let kind: Kind
    let id: UUID
    let stored: StoredResource
    let field: SearchField
    let value: String

    /// Whether the resource has the value: the key may be that of another field, and hashes of values may be equal.
    var isWhatIsAskedFor: Bool {
        switch field.access {
        case .identifier, .embedded: return true
        case .unique:
            let spellings = field.storedSpellings(of: value)
            return field.values(in: stored.json).contains(where: spellings.contains)
        case .indexed(let path): return kind.has(field.json(of: value), at: path, in: stored.document)
        case .scanned: return false
        }
    }
}

extension UniqueArray<DirectoryTable> {
    /// The resources that may have a value in a field, in no order; nil where they cannot be found so.
    ///
    /// - Parameter unindexed: Gets the kinds whose values are in no index yet.
    fileprivate func candidates(
        with value: String,
        in field: SearchField,
        of kind: Kind,
        _ unindexed: inout Set<Kind>
    ) -> [Candidate]? {
        let found: [(id: UUID, stored: StoredResource)]?
        switch field.access {
        case .identifier:
            guard let id = UUID(spelling: value) else { return [] }
            found = self[kind.number].resource(id).map { [(id, $0)] } ?? []
        case .unique(let name):
            let key = UniqueKey(name: name, value: value)
            guard !key.identifiesNothing, !self[kind.number].hasClaims else { return nil }
            found = self[kind.number].resource(of: key).map { [$0] } ?? []
        case .indexed(let path):
            if !self[kind.number].hasIndex { unindexed.insert(kind) }
            let hash = field.json(of: value).withUnsafeBufferPointer { Kind.indexedHash(of: $0, at: path) }
            found = self[kind.number].candidates(hash)
        case .embedded(let inner, let embedded):
            let others = candidates(with: value, in: inner, of: embedded, &unindexed)
            found = others?.filter(\.isWhatIsAskedFor).flatMap { other in
                self[kind.number].embedders(of: other.id).compactMap { id in
                    self[kind.number].resource(id).map { (id, $0) }
                }
            }
        case .scanned: return nil
        }
        return found?.map { Candidate(kind: kind, id: $0.id, stored: $0.stored, field: field, value: value) }
    }
}
