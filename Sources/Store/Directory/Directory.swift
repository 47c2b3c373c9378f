package import Foundation
package import Inventory
import Schema
import Synchronization

/// Every stored resource in memory, found by its identifier or by any of its unique keys in constant time.
///
/// Readers on any thread see whole transactions only. The ``Committer`` alone writes.
package final class Directory: Sendable {
    /// One a kind, by its number.
    private let tables = Mutex(Kind.allCases.map { _ in DirectoryTable() })

    package init() {}

    private func read<Result>(_ kind: Kind, _ body: (borrowing DirectoryTable) -> Result) -> Result {
        tables.withLock { body($0[kind.number]) }
    }

    /// The resource with an identifier.
    package func resource(_ kind: Kind, id: UUID) -> StoredResource? {
        read(kind) { $0.resource(id) }
    }

    /// The resource that a client's reference names: by identifier first, then by each unique key.
    package func resource(_ kind: Kind, reference: Kind.Reference) -> (id: UUID, stored: StoredResource)? {
        read(kind) { table in
            if let id = reference.id, let stored = table.resource(id) { return (id, stored) }
            return reference.firstKey { table.resource(of: $0) }
        }
    }

    /// The resource that has the unique key that a search asks for; nil when it asks for anything else.
    func resources(withUniqueKeyOf search: Search) -> [(id: UUID, stored: StoredResource)]? {
        guard let (key, fields, value) = search.uniqueKey else { return nil }
        let id = key.map { holder(search.kind, of: $0) } ?? UUID(spelling: value)
        guard let id, let stored = resource(search.kind, id: id) else { return [] }
        // The key may be that of another field.
        return fields.contains { $0.values(in: stored.json).contains(value) } ? [(id, stored)] : []
    }

    /// The resource that has a unique key.
    package func holder(_ kind: Kind, of key: UniqueKey) -> UUID? {
        read(kind) { $0.holder(of: key) }
    }

    /// The nodes that embed a BMC, in the order of their identifiers.
    package func nodes(embedding bmc: UUID) -> [UUID] {
        read(.computeNode) { $0.nodes(embedding: bmc) }.sorted()
    }

    /// How many resources of a kind there are.
    package func count(_ kind: Kind) -> Int {
        read(kind) { $0.count }
    }

    /// How many resources of all kinds are as a condition says.
    func count(where condition: (StoredResource) -> Bool) -> Int {
        Kind.allCases.reduce(0) { sum, kind in
            sum + read(kind) { $0.slots }.count(where: condition)
        }
    }

    /// All resources of a kind in the order of their identifiers.
    package func all(_ kind: Kind) -> [(id: UUID, stored: StoredResource)] {
        read(kind) { $0.slots }.sorted
    }

    /// Carries out a transaction, in one step for every reader.
    package func apply(_ changes: [Change]) {
        tables.withLock { tables in
            // Keys are given up before any is taken, so that resources can exchange them.
            for change in changes where change.indexBefore != change.index {
                guard let entry = change.indexBefore else { continue }
                tables[change.resource.kind.number].removeKeys(entry, of: change.resource.id)
            }
            for change in changes {
                tables[change.resource.kind.number].set(change.resource.id, to: change.stored)
                guard let entry = change.index, entry != change.indexBefore else { continue }
                tables[change.resource.kind.number].addKeys(entry, of: change.resource.id)
            }
        }
    }

    /// Forgets everything.
    func removeAll() {
        tables.withLock { tables in
            for index in tables.indices { tables[index] = DirectoryTable() }
        }
    }

    /// Makes room for a number of resources of a kind.
    func reserve(_ kind: Kind, count: Int) {
        tables.withLock { $0[kind.number].reserve(kind, count: count) }
    }
}
