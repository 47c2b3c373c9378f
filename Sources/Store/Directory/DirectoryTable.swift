import BasicContainers
import Foundation
import Inventory
import Records
import Schema

/// The resources of one kind and the ways to find them.
///
/// A table cannot be copied, so that no lookup counts references to all that it consists of.
struct DirectoryTable: ~Copyable {
    private(set) var slots = SlotArray()
    /// The size of all documents together, in bytes.
    private(set) var documentLength = 0
    /// Another one whenever a resource has come or gone.
    private(set) var generation = 0
    /// The last transaction that changed any of them, or removed one.
    var lastChange = ChainPoint.beginning
    private var free: [UInt32] = []
    private var ids = PlaceTable()
    /// The first of those that have a copy of another resource, by that one's identifier.
    private var embedders = PlaceTable()
    /// The names of keys, and a table for each.
    private var keyNames: [String] = []
    private var keys = UniqueArray<KeyTable>()
    /// The index of values, once it is wanted: of the resources at the places before one.
    private var index: ValueIndex?
    private var indexEnd = 0
    /// Those that have a key which another one keeps, the one whose identifier comes before.
    private var claims = Claims()
    private var brokenRules = BrokenRules()

    // MARK: Reading

    var count: Int { slots.count - free.count }

    func resource(_ id: UUID) -> StoredResource? {
        place(of: id).map { slots[$0].stored }
    }

    func holder(of key: UniqueKey) -> UUID? {
        holderPlace(of: key).map { slots[$0].id }
    }

    /// The resource that has a unique key.
    func resource(of key: UniqueKey) -> (id: UUID, stored: StoredResource)? {
        holderPlace(of: key).map { (slots[$0].id, slots[$0].stored) }
    }

    /// The resources that have a unique key though another one keeps it, in the order of their identifiers.
    func claimants(of key: UniqueKey) -> [UUID] {
        claims.isEmpty ? [] : claims.places(of: key).map { slots[$0].id }.sorted()
    }

    /// The resources that have a copy of another resource, in no order.
    func embedders(of id: UUID) -> [UUID] {
        var found: [UUID] = []
        var place = firstPlace(embedding: id)
        while let current = place, current != SlotArray.Slot.nowhere {
            found.append(slots[current].id)
            place = slots[current].next
        }
        return found
    }

    private func firstPlace(embedding id: UUID) -> UInt32? {
        embedders.first(hash: id.placeHash) { slots[$0].embedded == id }
    }

    private func place(of id: UUID) -> UInt32? {
        ids.first(hash: id.placeHash) { slots[$0].id == id && !slots[$0].isFree }
    }

    private func holderPlace(of key: UniqueKey) -> UInt32? {
        guard let index = keyNames.firstIndex(of: key.name) else { return nil }
        return keys[index][key.number]
    }

    // MARK: Rules

    /// What the rule is called that no two resources have a key.
    static let uniquenessRule = "unique_key"

    /// How many resources break rules that came after they had been stored, by the rules' names.
    var brokenRuleCounts: [String: Int] {
        brokenRules.counts.merging([Self.uniquenessRule: claims.count]) { $1 }
    }

    /// Whether several resources have one unique key.
    var hasClaims: Bool { !claims.isEmpty }

    /// A resource that breaks a rule.
    func example(ofBroken rule: String) -> (id: UUID, stored: StoredResource)? {
        let place = rule == Self.uniquenessRule ? claims.example : brokenRules.example(of: rule)
        return place.map { (slots[$0].id, slots[$0].stored) }
    }

    // MARK: Writing

    /// Makes room for a number of resources of a kind, each with its keys.
    mutating func reserve(_ kind: Kind, count: Int) {
        ids.reserve(count)
        for field in kind.resourceType.fields {
            guard let key = field.uniqueKey else { continue }
            let index = index(of: key)
            keys[index].reserve(count)
        }
        if kind.embedding != nil { embedders.reserve(count) }
    }

    /// Makes a resource one that is not found by a key.
    mutating func removeKeys(_ entry: IndexEntry, of id: UUID) {
        guard let place = place(of: id) else { return }
        for key in entry.keys {
            if holderPlace(of: key) == place {
                let index = index(of: key.name)
                keys[index][key.number] =
                    claims.isEmpty ? nil : claims.takeFirst(of: key) { slots[$0].id < slots[$1].id }
            } else if !claims.isEmpty {
                claims.remove(place, from: key)
            }
        }
        if let id = entry.embedded { remove(place, from: id) }
        if !entry.brokenRules.isEmpty { brokenRules.set([], at: place) }
    }

    /// Makes the resource at a place one that is found by keys.
    mutating func addKeys(_ entry: IndexEntry, at place: UInt32) {
        for key in entry.keys {
            let index = index(of: key.name)
            guard let holder = keys[index].insert(place, for: key.number) else { continue }
            // Of two that have it the first keeps it, whatever the order in which they were read.
            let isFirst = slots[place].id < slots[holder].id
            if isFirst { keys[index][key.number] = place }
            claims.add(isFirst ? holder : place, to: key)
        }
        if let id = entry.embedded { add(place, to: id) }
        if !entry.brokenRules.isEmpty { brokenRules.set(entry.brokenRules, at: place) }
    }

    /// Puts a resource behind the first of those that have a copy of another one, whose place need not be looked for then.
    private mutating func add(_ place: UInt32, to id: UUID) {
        slots[place].embedded = id
        guard let first = firstPlace(embedding: id) else {
            embedders.insert(place, hash: id.placeHash)
            return
        }
        let next = slots[first].next
        slots[place].previous = first
        slots[place].next = next
        slots[first].next = place
        if next != SlotArray.Slot.nowhere { slots[next].previous = place }
    }

    private mutating func remove(_ place: UInt32, from id: UUID) {
        guard slots[place].embedded == id else { return }
        let (previous, next) = (slots[place].previous, slots[place].next)
        if previous == SlotArray.Slot.nowhere {
            embedders.remove(place, hash: id.placeHash)
            if next != SlotArray.Slot.nowhere { embedders.insert(next, hash: id.placeHash) }
        } else {
            slots[previous].next = next
        }
        if next != SlotArray.Slot.nowhere { slots[next].previous = previous }
        slots[place].embedded = nil
        slots[place].previous = SlotArray.Slot.nowhere
        slots[place].next = SlotArray.Slot.nowhere
    }

    /// Has the processor fetch what a change needs, as ``PlaceTable/prefetch(_:)`` says.
    func prefetch(_ id: UUID, _ entry: IndexEntry?) {
        ids.prefetch(id.placeHash)
        guard let entry else { return }
        for key in entry.keys {
            guard let index = keyNames.firstIndex(of: key.name) else { continue }
            keys[index].prefetch(key.number)
        }
        if let id = entry.embedded { embedders.prefetch(id.placeHash) }
    }

    /// Puts a resource there, or takes it away.
    ///
    /// - Parameter difference: That of the document and the one before, where it is known.
    /// - Returns: Its place; nil when it is gone.
    mutating func set(
        _ kind: Kind,
        _ id: UUID,
        to stored: StoredResource?,
        _ difference: HashDifference? = nil
    ) -> UInt32? {
        let place = place(of: id)
        let before = index == nil ? nil : place.map { slots[$0].stored.document }
        defer {
            if index != nil, let place = place ?? self.place(of: id), Int(place) < indexEnd {
                reindex(place, difference ?? HashDifference(kind, from: before, to: stored?.document))
            }
        }
        documentLength += (stored?.document.count ?? 0) - (place.map { slots[$0].stored.document.count } ?? 0)
        switch (place, stored) {
        case (let place?, let stored?):
            slots[place].stored = stored
            return place
        case (let place?, nil):
            slots[place].stored = StoredResource(document: [], version: 0)
            slots[place].isFree = true
            ids.remove(place, hash: id.placeHash)
            free.append(place)
            generation += 1
        case (nil, let stored?):
            let place = free.popLast() ?? UInt32(slots.count)
            let slot = SlotArray.Slot(id: id, embedded: nil, stored: stored)
            if Int(place) == slots.count { slots.append(slot) } else { slots[place] = slot }
            ids.insert(place, hash: id.placeHash)
            generation += 1
            return place
        case (nil, nil): break
        }
        return nil
    }

    /// Gives a resource its secrets.
    ///
    /// - Returns: False when it is not there.
    mutating func setSecrets(_ secrets: SealedSecrets, of id: UUID) -> Bool {
        guard let place = place(of: id) else { return false }
        slots[place].stored.secrets = secrets
        return true
    }

    // MARK: The index of values

    var hasIndex: Bool { index != nil }

    /// Begins an index, which ``indexMore(_:)`` makes.
    ///
    /// - Returns: False where there is one.
    mutating func beginIndex() -> Bool {
        guard index == nil else { return false }
        index = ValueIndex()
        indexEnd = 0
        return true
    }

    /// Takes up some more resources into the index.
    ///
    /// - Returns: Whether there are more.
    mutating func indexMore(_ kind: Kind) -> Bool {
        guard index != nil, indexEnd < slots.count else {
            indexEnd = .max
            return false
        }
        let end = min(indexEnd + Self.indexedAtOnce, slots.count)
        for place in UInt32(indexEnd)..<UInt32(end) where !slots[place].isFree {
            reindex(place, HashDifference(kind, from: nil, to: slots[place].stored.document))
        }
        indexEnd = end
        return true
    }

    /// How many resources are taken up at once: what takes half a millisecond.
    private static let indexedAtOnce = 128

    private mutating func reindex(_ place: UInt32, _ difference: HashDifference) {
        for hash in difference.removed { index?.remove(place, hash) }
        for hash in difference.added { index?.add(place, hash) }
    }

    /// The resources that may have a value in an indexed field, by the hash of both.
    ///
    /// - Returns: Nil where the index is not whole, or there are more than it finds.
    func candidates(_ hash: UInt32) -> [(id: UUID, stored: StoredResource)]? {
        guard indexEnd == .max else { return nil }
        return index?.places(hash)?.map { (slots[$0].id, slots[$0].stored) }
    }

    private mutating func index(of name: String) -> Int {
        if let index = keyNames.firstIndex(of: name) { return index }
        keyNames.append(name)
        keys.append(KeyTable())
        return keys.count - 1
    }
}

extension UniqueArray<DirectoryTable> {
    /// An empty table for each kind, by its number.
    static var emptyTables: Self {
        var tables = Self(minimumCapacity: Kind.allCases.count)
        for _ in Kind.allCases { tables.append(DirectoryTable()) }
        return tables
    }

    /// The last transaction that changed or removed anything of some kinds.
    func lastChange(of kinds: some Sequence<Kind>) -> ChainPoint {
        kinds.reduce(.beginning) { last, kind in
            let next = self[kind.number].lastChange
            return next.sequence > last.sequence ? next : last
        }
    }

    /// The number of the last transaction that changed or removed anything.
    var sequence: UInt64 { indices.reduce(0) { Swift.max($0, self[$1].lastChange.sequence) } }
}

extension UUID {
    /// A hash for a ``PlaceTable``.
    fileprivate var placeHash: UInt32 {
        let (first, second) = numbers
        return (second ^ UInt64(first.placeHash) << 16).placeHash
    }
}
