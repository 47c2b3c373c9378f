import BasicContainers
import Foundation
import Inventory
import Records

/// The directory as it will be once the transactions that wait for the disk are in effect.
final class DirectoryOverlay {
    private let directory: Directory
    /// What they have put there, a table a kind, by its number.
    private var tables = UniqueArray<DirectoryTable>.emptyTables
    /// What they have taken away.
    private var removed: Set<ResourceID> = []
    /// The keys that they have given up and not taken again, by the number of the kind.
    private var freeKeys = Kind.allCases.map { _ in Set<UniqueKey>() }

    init(_ directory: Directory) {
        self.directory = directory
    }

    func resource(_ id: ResourceID) -> StoredResource? {
        if let stored = tables[id.kind.number].resource(id.id) { return stored }
        return removed.contains(id) ? nil : directory.resource(id.kind, id: id.id)
    }

    /// The resource that has a unique key.
    func holder(_ kind: Kind, of key: UniqueKey) -> UUID? {
        if let holder = tables[kind.number].holder(of: key) { return holder }
        return freeKeys[kind.number].contains(key) ? nil : directory.holder(kind, of: key)
    }

    /// Of the resources that have a unique key, which may be several where they were stored before that was seen to, the first
    /// that is as a condition says.
    func firstHolder(_ kind: Kind, of key: UniqueKey, where condition: (UUID) -> Bool) -> UUID? {
        let holder = holder(kind, of: key)
        if let holder, condition(holder) { return holder }
        // Others have it only beside one that keeps it, or has given it up.
        guard holder != nil || freeKeys[kind.number].contains(key) else { return nil }
        return directory.claimants(kind, of: key).first { isUnchanged(kind, $0) && condition($0) }
    }

    /// The resources of a kind that have a copy of another one, in the order of their identifiers.
    func embedders(_ kind: Kind, of id: UUID) -> [UUID] {
        let unchanged = directory.embedders(kind, of: id).filter { isUnchanged(kind, $0) }
        return (unchanged + tables[kind.number].embedders(of: id)).sorted()
    }

    /// Whether the directory has a resource as it will be.
    private func isUnchanged(_ kind: Kind, _ id: UUID) -> Bool {
        tables[kind.number].resource(id) == nil && !removed.contains(ResourceID(kind, id))
    }

    /// Puts a transaction into effect for those that follow it.
    func apply(_ changes: [Change]) {
        for change in changes {
            guard let entry = change.indexBefore else { continue }
            let kind = change.resource.kind
            for key in entry.keys where holder(kind, of: key) == change.resource.id {
                freeKeys[kind.number].insert(key)
            }
            tables[kind.number].removeKeys(entry, of: change.resource.id)
        }
        for change in changes {
            let kind = change.resource.kind.number
            let place = tables[kind].set(change.resource.kind, change.resource.id, to: change.stored)
            guard let place, let entry = change.index else {
                removed.insert(change.resource)
                continue
            }
            if !removed.isEmpty { removed.remove(change.resource) }
            if !freeKeys[kind].isEmpty { freeKeys[kind].subtract(entry.keys) }
            tables[kind].addKeys(entry, at: place)
        }
    }
}
