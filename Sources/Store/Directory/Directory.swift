import BasicContainers
package import Foundation
package import Inventory
package import Records
import Synchronization

/// Every stored resource in memory, found by its identifier or by any of its unique keys in constant time.
///
/// Readers on any thread see whole transactions only. Whoever has the ``DirectoryWriter`` writes.
package final class Directory: Sendable {
    /// One a kind, by its number.
    private let tables = Mutex(UniqueArray<DirectoryTable>.emptyTables)
    /// The order of all resources of a kind, by its number, as it was asked for last: answers share it.
    private let orders = Mutex([(generation: Int, places: [UInt32])?](repeating: nil, count: Kind.allCases.count))

    fileprivate init() {}

    private func read<Result>(_ kind: Kind, _ body: (borrowing DirectoryTable) -> Result) -> Result {
        tables.withLock { body($0[kind.number]) }
    }

    /// The resource with an identifier.
    package func resource(_ kind: Kind, id: UUID) -> StoredResource? {
        read(kind) { $0.resource(id) }
    }

    /// The resource that a client's reference names: by identifier first, then by each unique key.
    package func resource(_ kind: Kind, reference: Kind.Reference) -> (id: UUID, stored: StoredResource)? {
        if let id = reference.id, let stored = resource(kind, id: id) { return (id, stored) }
        // Each key is worked out while others may read.
        return reference.firstKey { key in read(kind) { $0.resource(of: key) } }
    }

    /// The resource that has a unique key.
    package func holder(_ kind: Kind, of key: UniqueKey) -> UUID? {
        read(kind) { $0.holder(of: key) }
    }

    /// The resources that have a value of a key that is as a condition says, in no order.
    ///
    /// - Complexity: O(*n*) of the resources of the kind.
    func holders(_ kind: Kind, of key: String, where condition: (UniqueKey) -> Bool) -> [UUID] {
        read(kind) { $0.holders(of: key, where: condition) }
    }

    /// The resources of a kind that have a copy of another one, in no order.
    func embedders(_ kind: Kind, of id: UUID) -> [UUID] {
        read(kind) { $0.embedders(of: id) }
    }

    /// How many resources of a kind there are.
    package func count(_ kind: Kind) -> Int {
        read(kind) { $0.count }
    }

    /// How many resources of a kind break rules that came after they had been stored, by the rules' names.
    func brokenRuleCounts(_ kind: Kind) -> [String: Int] {
        read(kind) { $0.brokenRuleCounts }
    }

    /// Whether several resources of a kind have one unique key.
    func hasClaims(_ kind: Kind) -> Bool {
        read(kind) { $0.hasClaims }
    }

    /// A resource of a kind that breaks a rule.
    func example(of kind: Kind, breaking rule: String) -> (id: UUID, stored: StoredResource)? {
        read(kind) { $0.example(ofBroken: rule) }
    }

    /// How many resources of all kinds are as a condition says.
    func count(where condition: (StoredResource) -> Bool) -> Int {
        Kind.allCases.reduce(0) { sum, kind in
            sum + read(kind) { $0.slots }.count(where: condition)
        }
    }

    /// All resources of a kind in the order of their identifiers.
    package func all(_ kind: Kind) -> ResourceList {
        let (slots, length, generation) = read(kind) { ($0.slots, $0.documentLength, $0.generation) }
        let known = orders.withLock { $0[kind.number] }
        if let known, known.generation == generation {
            return ResourceList(all: slots, places: known.places, documentLength: length)
        }
        let places = slots.placesInOrder
        orders.withLock { $0[kind.number] = (generation, places) }
        return ResourceList(all: slots, places: places, documentLength: length)
    }

    fileprivate func apply(_ changes: [Change]) {
        // By index, which copies of a change only what is kept of it.
        tables.withLock { tables in
            // Keys are given up before any is taken, so that resources can exchange them.
            for index in changes.indices {
                guard let entry = changes[index].indexBefore, entry != changes[index].index else { continue }
                tables[changes[index].resource.kind.number].removeKeys(entry, of: changes[index].resource.id)
            }
            for start in stride(from: 0, to: changes.count, by: Self.prefetched) {
                let some = start..<min(start + Self.prefetched, changes.count)
                for index in some {
                    let resource = changes[index].resource
                    tables[resource.kind.number].prefetch(resource.id, changes[index].index)
                }
                for index in some {
                    let kind = changes[index].resource.kind.number
                    let place = tables[kind].set(changes[index].resource.id, to: changes[index].stored)
                    guard let entry = changes[index].index, entry != changes[index].indexBefore else { continue }
                    guard let place else { preconditionFailure("a resource with keys is there") }
                    tables[kind].addKeys(entry, at: place)
                }
            }
        }
    }

    fileprivate func setSecrets(_ kind: Kind, _ secrets: [(id: UUID, secrets: SealedSecrets)]) -> Int {
        tables.withLock { tables in
            secrets.count { tables[kind.number].setSecrets($0.secrets, of: $0.id) }
        }
    }

    /// How many changes have their entries in the tables fetched from memory at once.
    private static let prefetched = 64

    fileprivate func removeAll() {
        tables.withLock { tables in
            for index in tables.indices { tables[index] = DirectoryTable() }
        }
        orders.withLock { orders in
            for index in orders.indices { orders[index] = nil }
        }
    }

    fileprivate func reserve(_ kind: Kind, count: Int) {
        tables.withLock { $0[kind.number].reserve(kind, count: count) }
    }
}

/// The right to write to a directory.
package struct DirectoryWriter: Sendable {
    package let directory = Directory()

    package init() {}

    /// Carries out a transaction, in one step for every reader.
    package func apply(_ changes: [Change]) { directory.apply(changes) }

    /// Gives resources their secrets.
    ///
    /// - Returns: How many of them are there.
    func setSecrets(_ kind: Kind, _ secrets: [(id: UUID, secrets: SealedSecrets)]) -> Int {
        directory.setSecrets(kind, secrets)
    }

    /// Forgets everything.
    func removeAll() { directory.removeAll() }

    /// Makes room for a number of resources of a kind.
    func reserve(_ kind: Kind, count: Int) { directory.reserve(kind, count: count) }
}
