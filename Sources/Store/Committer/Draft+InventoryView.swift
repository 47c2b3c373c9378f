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

    func rival(of id: ResourceID, for key: UniqueKey) -> UUID? {
        if let holder = unstagedHolder(id.kind, of: key) { return holder }
        guard let claimants = claims[Claim(kind: id.kind, key: key)] else { return nil }
        return [claimants.first, claimants.last].compactMap(\.self).first { $0 != id.id }
    }

    /// Of the resources that would have a unique key, the one that had it before, or else the one that claimed it first.
    private func firstHolder(_ kind: Kind, of key: UniqueKey) -> UUID? {
        let claimants = claims[Claim(kind: kind, key: key)]
        return overlay.firstHolder(kind, of: key) { holder in
            staged[ResourceID(kind, holder)] == nil || claimants?.contains(holder) == true
        } ?? claimants?.first
    }

    /// The resource that has a unique key and is not touched.
    private func unstagedHolder(_ kind: Kind, of key: UniqueKey) -> UUID? {
        overlay.firstHolder(kind, of: key) { staged[ResourceID(kind, $0)] == nil }
    }

    mutating func delete(_ id: ResourceID) throws(Refusal) { try put(nil, sealed: SealedSecrets(), as: id) }

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
            guard entry.keys != entry.indexBefore?.keys else { continue }
            let before = Set(entry.indexBefore?.keys ?? [])
            for key in entry.keys where problems.count < Refusal.maximumProblems && !before.contains(key) {
                guard let first = firstHolder(id.kind, of: key), first != id.id else { continue }
                let holder = ResourceID(id.kind, first)
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
        self.init(
            id,
            wasThere: entry.before != nil,
            keysBefore: entry.indexBefore?.keys ?? [],
            embeddedBefore: entry.indexBefore?.embedded,
            document: entry.document,
            operation: entry.operation
        )
    }
}
