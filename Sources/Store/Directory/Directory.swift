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

    /// Looks several things up in one state of all resources; others wait meanwhile.
    ///
    /// - Parameter body: Gets the tables by the numbers of their kinds.
    func withTables<Result>(_ body: (borrowing UniqueArray<DirectoryTable>) -> Result) -> Result {
        tables.withLock { body($0) }
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

    /// The resource that a client's reference names, looked for in one state, and the number of the last transaction in that.
    func find(_ kind: Kind, reference: Kind.Reference) -> (stored: StoredResource?, sequence: UInt64) {
        let keys = reference.keys
        return tables.withLock { tables in
            var stored: StoredResource?
            if let id = reference.id { stored = tables[kind.number].resource(id) }
            for key in keys where stored == nil { stored = tables[kind.number].resource(of: key)?.stored }
            return (stored, tables.sequence)
        }
    }

    /// The resource that has a unique key.
    package func holder(_ kind: Kind, of key: UniqueKey) -> UUID? {
        read(kind) { $0.holder(of: key) }
    }

    /// The resources that have a unique key though another one keeps it, in the order of their identifiers.
    func claimants(_ kind: Kind, of key: UniqueKey) -> [UUID] {
        read(kind) { $0.claimants(of: key) }
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
    package func all(_ kind: Kind) -> ResourceList { state(kind).resources }

    /// All resources of a kind in the order of their identifiers, the last transaction that changed any of them, and the number
    /// of the last one of all.
    func state(_ kind: Kind) -> (resources: ResourceList, lastChange: ChainPoint, sequence: UInt64) {
        let (slots, length, generation, lastChange, sequence) = tables.withLock { tables in
            let number = kind.number
            return (
                tables[number].slots, tables[number].documentLength, tables[number].generation,
                tables[number].lastChange,
                tables.sequence
            )
        }
        let known = orders.withLock { $0[kind.number] }
        if let known, known.generation == generation {
            return (ResourceList(all: slots, places: known.places, documentLength: length), lastChange, sequence)
        }
        let places = slots.placesInOrder
        orders.withLock { $0[kind.number] = (generation, places) }
        return (ResourceList(all: slots, places: places, documentLength: length), lastChange, sequence)
    }

    /// The last transaction that changed or removed anything of some kinds; after a start the last one there was.
    func lastChange(of kinds: some Sequence<Kind>) -> ChainPoint {
        tables.withLock { $0.lastChange(of: kinds) }
    }

    /// The number of the last transaction that has changed anything.
    var sequence: UInt64 { tables.withLock { $0.sequence } }

    fileprivate func begin(at position: ChainPoint) {
        tables.withLock { tables in
            for index in tables.indices { tables[index].lastChange = position }
        }
    }

    // MARK: Values of indexed fields

    /// Makes the index of a kind, step by step, so that others come between.
    func makeIndex(_ kind: Kind) {
        guard tables.withLock({ $0[kind.number].beginIndex() }) else { return }
        Task.detached(priority: .utility) {
            while self.tables.withLock({ $0[kind.number].indexMore(kind) }) { await Task.yield() }
        }
    }

    /// How the indexed values of changed resources differ, worked out while others may read; nil where there is no index.
    private func differences(of changes: [Change]) -> [HashDifference?]? {
        let isIndexed = tables.withLock { tables in Kind.allCases.map { tables[$0.number].hasIndex } }
        guard isIndexed.contains(true) else { return nil }
        return changes.map { change in
            let kind = change.resource.kind
            guard isIndexed[kind.number] else { return nil }
            let before = change.indexBefore == nil ? nil : resource(kind, id: change.resource.id)
            return HashDifference(kind, from: before?.document, to: change.stored?.document)
        }
    }

    fileprivate func apply(_ changes: [Change], through position: ChainPoint) {
        let differences = differences(of: changes)
        // By index, which copies of a change only what is kept of it.
        tables.withLock { tables in
            // Keys are given up before any is taken, so that resources can exchange them.
            for index in changes.indices {
                tables[changes[index].resource.kind.number].lastChange = position
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
                    let resource = changes[index].resource
                    let kind = resource.kind.number
                    let place = tables[kind].set(
                        resource.kind,
                        resource.id,
                        to: changes[index].stored,
                        differences?[index]
                    )
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
    ///
    /// - Parameter position: The transaction.
    package func apply(_ changes: [Change], through position: ChainPoint) {
        directory.apply(changes, through: position)
    }

    /// Says what the last transaction is that may have changed anything.
    func begin(at position: ChainPoint) { directory.begin(at: position) }

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
