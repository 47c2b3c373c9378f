import Foundation
import Inventory

/// The directory as it will be once the transactions that wait for the disk are in effect.
struct DirectoryOverlay {
    private let directory: Directory
    private var changed: [ResourceID: StoredResource?] = [:]
    /// Who has a key, by the number of the kind; nil for keys that were given up.
    private var holders = Kind.allCases.map { _ in [UniqueKey: UUID?]() }
    /// Which nodes embed a BMC, as far as that has changed.
    private var embedding: [UUID: [UUID: Bool]] = [:]

    init(_ directory: Directory) {
        self.directory = directory
    }

    func resource(_ id: ResourceID) -> StoredResource? {
        if let stored = changed[id] { return stored }
        return directory.resource(id.kind, id: id.id)
    }

    /// The resource that has a unique key.
    func holder(_ kind: Kind, of key: UniqueKey) -> UUID? {
        if let holder = holders[kind.number][key] { return holder }
        return directory.holder(kind, of: key)
    }

    /// The nodes that embed a BMC, in the order of their identifiers.
    func nodes(embedding bmc: UUID) -> [UUID] {
        let nodes = directory.nodes(embedding: bmc)
        guard let changes = embedding[bmc] else { return nodes }
        return Set(nodes).union(changes.filter(\.value).keys).subtracting(changes.filter { !$0.value }.keys).sorted()
    }

    /// Puts a transaction into effect for those that follow it.
    mutating func apply(_ changes: [Change]) {
        for change in changes where change.indexBefore != change.index {
            guard let entry = change.indexBefore else { continue }
            for key in entry.keys where holder(change.resource.kind, of: key) == change.resource.id {
                holders[change.resource.kind.number][key] = .some(nil)
            }
            if let bmc = entry.bmc { embedding[bmc, default: [:]][change.resource.id] = false }
        }
        for change in changes {
            changed[change.resource] = .some(change.stored)
            guard let entry = change.index, entry != change.indexBefore else { continue }
            for key in entry.keys {
                holders[change.resource.kind.number][key] = .some(change.resource.id)
            }
            if let bmc = entry.bmc { embedding[bmc, default: [:]][change.resource.id] = true }
        }
    }
}
