import Foundation
import Inventory
import OrderedCollections
import Records

/// What the rules of the kinds see of the draft.
extension Draft: InventoryView {
    /// The resource before the transaction.
    func before(_ id: ResourceID) -> Document? {
        (staged[id]?.before ?? overlay.resource(id)).map { Document(stored: $0.document, id.kind) }
    }

    func embedders(of id: ResourceID) -> [ResourceID] {
        id.kind.embedders.flatMap { kind in overlay.embedders(kind, of: id.id).map { ResourceID(kind, $0) } }
    }

    func holders(_ kind: Kind, of key: String, where condition: (UniqueKey) -> Bool) -> [ResourceID] {
        precondition(kind.hasUniqueKey(key), "\(kind) has no unique key \(key)")
        let unstaged = overlay.holders(kind, of: key, where: condition).map { ResourceID(kind, $0) }
            .filter { staged[$0] == nil }
        let found = staged.filter { id, entry in
            id.kind == kind && entry.keys.contains { $0.name == key && condition($0) }
        }
        return unstaged + found.keys
    }

    func touched(_ kind: Kind) -> [TouchedResource] {
        var touched: [TouchedResource] = []
        for (id, entry) in staged where id.kind == kind { touched.append(TouchedResource(id, entry)) }
        return touched
    }

    mutating func touch(_ id: ResourceID, since cause: TouchedResource) throws(Refusal) {
        guard staged[id] == nil, let document = current(id) else { return }
        operation = cause.operation
        try put(document, sealed: secrets(of: id), as: id)
    }

    func operation(of id: ResourceID) -> Int? { staged[id]?.operation }

    /// Unique keys that two resources would have.
    func takenKeys() -> [Refusal.Problem] {
        var problems: [Refusal.Problem] = []
        var names: [ResourceID: String] = [:]
        for (id, entry) in staged {
            // What it had before stays its own, also where another one keeps it.
            let before = entry.indexBefore?.keys ?? []
            for key in entry.keys where problems.count < Refusal.maximumProblems && !before.contains(key) {
                let holder: ResourceID
                if let other = overlay.holder(id.kind, of: key).map({ ResourceID(id.kind, $0) }), other != id,
                    staged[other]?.keys.contains(key) ?? true
                {
                    holder = other
                } else if let first = claims[Claim(kind: id.kind, key: key)]?.first, first != id.id {
                    holder = ResourceID(id.kind, first)
                } else {
                    continue
                }
                let name = names[holder] ?? name(holder)
                names[holder] = name
                problems.append(
                    Refusal.Problem(
                        operation: entry.operation,
                        reason: .conflict,
                        message: id.kind.resourceType.conflict(over: key, heldBy: name),
                        holder: holder
                    )
                )
            }
        }
        return problems
    }
}

extension TouchedResource {
    fileprivate init(_ id: ResourceID, _ entry: Draft.Staged) {
        self.init(id, wasThere: entry.before != nil, document: entry.document, operation: entry.operation)
    }
}
