package import Foundation
package import Inventory
import Schema
import Synchronization

/// Every stored resource in memory, found by its identifier or by any of its unique keys in constant time.
///
/// Readers on any thread see whole transactions only. The ``Committer`` alone writes.
package final class Directory: Sendable {
    /// One a kind, by its number.
    private let tables = Mutex(Kind.allCases.map { _ in Table() })

    package init() {}

    /// The resources of one kind and the ways to find them.
    private struct Table {
        var resources: [UUID: StoredResource] = [:]
        /// By the key's name, then by its value as ``Swift/String/compactKey`` spells it.
        var holders: [String: [String: UUID]] = [:]
        /// Of nodes: which of them embed a BMC.
        var nodesByBMC: [UUID: Embedders] = [:]

        func holder(of key: UniqueKey) -> UUID? { holders[key.name]?[key.value.compactKey] }

        mutating func remove(_ entry: IndexEntry, of id: UUID) {
            for key in entry.keys where holder(of: key) == id {
                holders[key.name]?[key.value.compactKey] = nil
            }
            if let bmc = entry.bmc { nodesByBMC[bmc] = nodesByBMC[bmc]?.without(id) }
        }

        mutating func add(_ entry: IndexEntry, of id: UUID) {
            for key in entry.keys {
                holders[key.name, default: [:]][key.value.compactKey] = id
            }
            if let bmc = entry.bmc { nodesByBMC[bmc] = nodesByBMC[bmc]?.with(id) ?? .one(id) }
        }

        /// Makes room for a number of resources of a kind, each with its keys.
        mutating func reserve(_ kind: Kind, count: Int) {
            resources.reserveCapacity(count)
            for field in kind.resourceType.fields {
                if let key = field.uniqueKey { holders[key, default: [:]].reserveCapacity(count) }
            }
            if kind == .computeNode { nodesByBMC.reserveCapacity(count) }
        }
    }

    /// The nodes that embed a BMC: hardly ever more than one, which needs no memory of its own.
    private enum Embedders {
        case one(UUID)
        case several(Set<UUID>)

        var all: Set<UUID> {
            switch self {
            case .one(let id): [id]
            case .several(let ids): ids
            }
        }

        func with(_ id: UUID) -> Embedders {
            let ids = all.union([id])
            return ids.count == 1 ? .one(id) : .several(ids)
        }

        func without(_ id: UUID) -> Embedders? {
            let ids = all.subtracting([id])
            guard let first = ids.first else { return nil }
            return ids.count == 1 ? .one(first) : .several(ids)
        }
    }

    private func read<Result>(_ kind: Kind, _ body: (borrowing Table) -> Result) -> Result {
        tables.withLock { body($0[kind.number]) }
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
                if let id = table.holder(of: key), let stored = table.resources[id] {
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
        read(kind) { $0.holder(of: key) }
    }

    /// The nodes that embed a BMC, in the order of their identifiers.
    package func nodes(embedding bmc: UUID) -> [UUID] {
        (read(.computeNode) { $0.nodesByBMC[bmc] }?.all ?? []).sorted()
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
        let resources = read(kind) { table in table.resources.map { (id: $0.key, stored: $0.value) } }
        // Numbers are sorted, which need no reference counts.
        let order = resources.indices.map { (key: resources[$0].id.sortKey, index: $0) }.sorted { $0.key < $1.key }
        return order.map { resources[$0.index] }
    }

    /// Carries out a transaction, in one step for every reader.
    func apply(_ changes: [Change]) {
        tables.withLock { tables in
            // Keys are given up before any is taken, so that resources can exchange them.
            for change in changes where change.indexBefore != change.index {
                guard let entry = change.indexBefore else { continue }
                tables[change.resource.kind.number].remove(entry, of: change.resource.id)
            }
            for change in changes {
                tables[change.resource.kind.number].resources[change.resource.id] = change.stored
                guard let entry = change.index, entry != change.indexBefore else { continue }
                tables[change.resource.kind.number].add(entry, of: change.resource.id)
            }
        }
    }

    /// Forgets everything.
    func removeAll() {
        tables.withLock { tables in
            for index in tables.indices { tables[index] = Table() }
        }
    }

    /// Makes room for a number of resources of a kind.
    func reserve(_ kind: Kind, count: Int) {
        tables.withLock { $0[kind.number].reserve(kind, count: count) }
    }
}

extension UUID {
    /// The identifier as two numbers that are ordered as identifiers are.
    fileprivate var sortKey: (UInt64, UInt64) {
        withUnsafeBytes(of: uuid) { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }
}

extension String {
    /// A MAC address without its colons, so that Swift keeps it in the dictionary instead of in memory of its own;
    /// other texts as they are.
    fileprivate var compactKey: String {
        guard utf8.count == 17 else { return self }
        var text = self
        return text.withUTF8 { bytes in
            guard stride(from: 2, to: 17, by: 3).allSatisfy({ bytes[$0] == UInt8(ascii: ":") }) else { return nil }
            return String(unsafeUninitializedCapacity: 12) { compact in
                for index in 0..<12 { compact[index] = bytes[index / 2 * 3 + index % 2] }
                return 12
            }
        } ?? self
    }
}
