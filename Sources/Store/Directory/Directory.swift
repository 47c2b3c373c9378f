package import Foundation
package import Inventory
import Synchronization

/// Every stored resource in memory, found by its identifier or by any of its unique keys in constant time.
///
/// Readers on any thread see whole transactions only. The ``Committer`` alone writes.
package final class Directory: Sendable {
    private let tables: Mutex<[Kind: Table]>

    package init() {
        tables = Mutex(Dictionary(uniqueKeysWithValues: Kind.allCases.map { ($0, Table()) }))
    }

    /// The resources of one kind and the ways to find them.
    private struct Table {
        var resources: [UUID: StoredResource] = [:]
        /// By the key's name, then by its value.
        var holders: [String: [String: UUID]] = [:]
        /// Of nodes: which of them embed a BMC.
        var nodesByBMC: [UUID: Set<UUID>] = [:]

        mutating func remove(_ entry: IndexEntry, of id: UUID) {
            for key in entry.keys where holders[key.name]?[key.value] == id {
                holders[key.name]?[key.value] = nil
            }
            if let bmc = entry.bmc {
                nodesByBMC[bmc]?.remove(id)
                if nodesByBMC[bmc]?.isEmpty == true { nodesByBMC[bmc] = nil }
            }
        }

        mutating func add(_ entry: IndexEntry, of id: UUID) {
            for key in entry.keys {
                holders[key.name, default: [:]][key.value] = id
            }
            if let bmc = entry.bmc {
                nodesByBMC[bmc, default: []].insert(id)
            }
        }
    }

    private func read<Result>(_ kind: Kind, _ body: (borrowing Table) -> Result) -> Result {
        tables.withLock { body($0[kind, default: Table()]) }
    }

    /// The resource with an identifier.
    package func resource(_ kind: Kind, id: UUID) -> StoredResource? {
        read(kind) { $0.resources[id] }
    }

    /// The resource that a client's reference names: by identifier first, then by each unique key.
    package func resource(_ kind: Kind, reference: Kind.Reference) -> (id: UUID, stored: StoredResource)? {
        read(kind) { table in
            if let id = reference.id, let stored = table.resources[id] { return (id, stored) }
            for key in reference.keys {
                if let id = table.holders[key.name]?[key.value], let stored = table.resources[id] {
                    return (id, stored)
                }
            }
            return nil
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
        read(kind) { $0.holders[key.name]?[key.value] }
    }

    /// The nodes that embed a BMC, in the order of their identifiers.
    package func nodes(embedding bmc: UUID) -> [UUID] {
        read(.computeNode) { $0.nodesByBMC[bmc] ?? [] }.sorted()
    }

    /// How many resources of a kind there are.
    package func count(_ kind: Kind) -> Int {
        read(kind) { $0.resources.count }
    }

    /// How many resources of all kinds are as a condition says.
    func count(where condition: (StoredResource) -> Bool) -> Int {
        Kind.allCases.reduce(0) { sum, kind in
            sum + read(kind) { table in table.resources.values.count(where: condition) }
        }
    }

    /// All resources of a kind in the order of their identifiers.
    ///
    /// - Complexity: O(*n* log *n*); the documents are shared, not copied.
    package func all(_ kind: Kind) -> [(id: UUID, stored: StoredResource)] {
        read(kind) { table in table.resources.map { (id: $0.key, stored: $0.value) } }
            .sorted { $0.id < $1.id }
    }

    /// Carries out a transaction, in one step for every reader.
    func apply(_ changes: [Change]) {
        tables.withLock { tables in
            // Keys are given up before any is taken, so that resources can exchange them.
            for change in changes where change.indexBefore != change.index {
                guard let entry = change.indexBefore else { continue }
                tables[change.resource.kind]?.remove(entry, of: change.resource.id)
            }
            for change in changes {
                tables[change.resource.kind]?.resources[change.resource.id] = change.stored
                guard let entry = change.index, entry != change.indexBefore else { continue }
                tables[change.resource.kind]?.add(entry, of: change.resource.id)
            }
        }
    }

    /// Forgets everything.
    func removeAll() {
        tables.withLock { tables in
            for kind in Kind.allCases { tables[kind] = Table() }
        }
    }

    /// Makes room for a number of resources of a kind.
    func reserve(_ kind: Kind, count: Int) {
        tables.withLock { $0[kind]?.resources.reserveCapacity(count) }
    }
}
