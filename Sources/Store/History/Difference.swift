package import Inventory
package import Records
import Schema

/// What differs in the inventory between two moments.
package struct InventoryDifference: Sendable {
    /// The last transaction of the one moment, and of the other.
    package var from: UInt64
    package var to: UInt64
    /// Ordered by kind and identifier.
    package var resources: [Difference]
}

/// A resource that differs between two moments.
package struct Difference: Sendable {
    package var resource: ResourceID
    /// Nil where it was not there.
    package var before: StoredResource?
    /// Nil where it is not there.
    package var after: StoredResource?

    var isEmpty: Bool {
        before?.document == after?.document && changedSecrets.isEmpty
    }

    /// What people call the resource.
    package var name: String? {
        (after ?? before).flatMap { resource.kind.commonName(of: $0.json) }
    }

    /// JSON pointers of secrets that are others.
    package var changedSecrets: [String] {
        StoredResource.changedSecrets(from: before, to: after)
    }
}

extension StoredResource {
    /// JSON pointers of secrets that became others.
    static func changedSecrets(from old: StoredResource?, to new: StoredResource?) -> [String] {
        guard old?.secrets ?? SealedSecrets() != new?.secrets ?? SealedSecrets() else { return [] }
        let before = Dictionary(uniqueKeysWithValues: old?.secrets.all ?? [])
        let after = Dictionary(uniqueKeysWithValues: new?.secrets.all ?? [])
        return Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
    }
}
