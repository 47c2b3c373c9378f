import DuckDB
import Foundation
import Inventory
import Journal
import Records
import Scheduling

/// Answers what the inventory was, one question at a time.
actor History {
    private var reader: PastReader
    private let directory: Directory
    private let projection: Projection
    private nonisolated let executor = ThreadExecutor(label: "history", givesWay: true)

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ reader: sending PastReader, directory: Directory, projection: Projection) {
        self.reader = reader
        self.directory = directory
        self.projection = projection
    }

    func sequence(of moment: Moment) throws -> UInt64 {
        try reader.sequence(of: moment)
    }

    /// Does something that ends when the task is cancelled.
    private func cancellable<Answer: Sendable>(_ body: () throws -> Answer) async throws -> Answer {
        try await reader.connection.interruptHandle.cancellable(body)
    }

    // MARK: As it was

    /// The resources of a kind that matched a search at a moment.
    func search(_ search: Search, at moment: Moment) async throws -> SearchResult {
        try await read(at: moment) { try $0.result(of: search) }
    }

    /// How many resources of a kind matched a search at a moment, and the number of the transaction that it stands for.
    func count(_ search: Search, at moment: Moment) async throws -> (count: Int, sequence: UInt64) {
        try await read(at: moment) { try $0.count(search) }
    }

    /// Searches the rows as they are now, without those that have changed since, and these as they were.
    private func read<Answer: Sendable>(
        at moment: Moment,
        _ body: @Sendable (SearchReader) throws -> Answer
    ) async throws -> Answer {
        let sequence = try reader.sequence(of: moment)
        let now = try await projection.pin()
        let current = now.position.sequence
        let (changed, states) = try await cancellable {
            let range = min(sequence, current)..<max(sequence, current)
            let changed = try reader.resources(changedFrom: range.lowerBound, to: range.upperBound)
            return (changed, try reader.states(of: changed, at: sequence))
        }
        return try await now.connection.interruptHandle.cancellable {
            var rows = SearchReader(now, directory, at: sequence)
            try rows.goBack(to: states, changed: changed)
            return try body(rows)
        }
    }

    /// The resources of a kind that a transaction after another has changed.
    private func changes(since sequence: UInt64, of kind: Kind) throws -> Set<ResourceID> {
        let now = reader.journal.journal.sequence
        return try reader.resources(changedFrom: sequence, to: now).filter { $0.kind == kind }
    }

    /// The resource that a reference named at a moment, as it was then, and the number of the transaction that the moment stands
    /// for.
    func resource(
        _ kind: Kind,
        _ reference: Kind.Reference,
        at moment: Moment
    ) async throws -> (stored: StoredResource?, sequence: UInt64) {
        try await cancellable {
            let sequence = try reader.sequence(of: moment)
            return (try stored(kind, reference, at: sequence), sequence)
        }
    }

    private func stored(_ kind: Kind, _ reference: Kind.Reference, at sequence: UInt64) throws -> StoredResource? {
        if let id = reference.id.map({ ResourceID(kind, $0) }),
            let state = try reader.states(of: [id], at: sequence)[id]
        {
            return state
        }
        let wanted = reference.keys
        guard !wanted.isEmpty else { return nil }
        var candidates = Set(wanted.compactMap { directory.holder(kind, of: $0) }.map { ResourceID(kind, $0) })
        candidates.formUnion(try changes(since: sequence, of: kind))
        for state in try reader.states(of: candidates, at: sequence).values {
            var unknown: Set<String> = []
            let keys = try kind.readable(state.document, unknown: &unknown).keys
            if wanted.contains(where: keys.contains) { return state }
        }
        return nil
    }

    // MARK: Versions

    /// The versions of a resource, newest first.
    ///
    /// - Parameters:
    ///   - limit: How many there are at most.
    ///   - before: A number that they are below; nil for the newest.
    /// - Returns: Nil when nothing is known of such a resource.
    func versions(
        _ kind: Kind,
        _ reference: Kind.Reference,
        limit: Int,
        before: UInt64?
    ) async throws -> (versions: [ResourceVersion], hasMore: Bool)? {
        try await cancellable { try storedVersions(kind, reference, limit: limit, before: before) }
    }

    private func storedVersions(
        _ kind: Kind,
        _ reference: Kind.Reference,
        limit: Int,
        before: UInt64?
    ) throws -> (versions: [ResourceVersion], hasMore: Bool)? {
        let held = directory.resource(kind, reference: reference)?.id
        guard let id = (held ?? reference.id).map({ ResourceID(kind, $0) }) else { return nil }
        let oldest = try reader.oldest()
        let newest = min(reader.journal.journal.sequence, before.map { $0 == 0 ? 0 : $0 - 1 } ?? .max)
        // One more than asked for, as what the last one is compared with.
        var found: [JournalReader.Version] = []
        if newest > oldest {
            found = try reader.journal.versions(of: id, in: oldest + 1...newest, limit: limit + 1)
        }
        var first: StoredResource?
        if found.count <= limit, oldest > 0 { first = try reader.states(of: [id], at: oldest)[id] }
        var versions = try found.prefix(limit).enumerated().map { index, version in
            let previous = index + 1 < found.count ? found[index + 1].change.stored : first
            var made = ResourceVersion(version.record, from: previous, to: version.change.stored)
            made.takenKeys = try takenKeys(of: id, from: previous, to: version.change.stored, in: made.sequence)
            return made
        }
        var hasMore = found.count > limit
        if let first, first.version <= newest {
            if versions.count < limit { versions.append(ResourceVersion(first)) } else { hasMore = true }
        }
        return versions.isEmpty && before == nil ? nil : (versions, hasMore)
    }

    /// The unique keys of a resource that another one took, in a transaction.
    private func takenKeys(
        of id: ResourceID,
        from old: StoredResource?,
        to new: StoredResource?,
        in sequence: UInt64
    ) throws -> [(key: UniqueKey, by: ResourceID)] {
        guard let old else { return [] }
        let lost = try id.kind.keys(of: old).subtracting(new.map { try id.kind.keys(of: $0) } ?? [])
        guard !lost.isEmpty else { return [] }
        return try reader.journal.changes(in: sequence...sequence).flatMap { other in
            guard let stored = other.change.stored, other.change.resource.kind == id.kind else {
                return [(key: UniqueKey, by: ResourceID)]()
            }
            return try id.kind.keys(of: stored).intersection(lost).map { ($0, other.change.resource) }
        }
    }

    /// Writes the indices of segments that have been closed.
    func writeIndices() throws(DiskError) {
        try reader.journal.journal.writeIndices()
    }

    // MARK: Receipts

    /// What a transaction was answered whose request had a key; nil where there is none.
    ///
    /// - Throws: ``Refusal`` where that is not kept any more.
    func receipt(of sequence: UInt64) async throws -> Receipt? {
        try await cancellable {
            guard let outcomes = try reader.journal.record(sequence)?.idempotency?.outcomes else { return nil }
            let resources = Set(outcomes.map(\.resource))
            let before = try reader.states(of: resources, at: sequence - 1)
            let after = try reader.states(of: resources, at: sequence)
            return Receipt(
                previous: sequence - 1,
                sequence: sequence,
                outcomes: outcomes.map { outcome in
                    let id = outcome.resource
                    return Outcome(resource: id, before: before[id], stored: after[id], change: outcome.change)
                }
            )
        }
    }

    // MARK: Comparing

    /// What is otherwise after one moment than after another.
    func difference(from: Moment, to: Moment) async throws -> InventoryDifference {
        try await cancellable {
            let from = try reader.sequence(of: from)
            let to = try reader.sequence(of: to)
            return InventoryDifference(from: from, to: to, resources: try reader.differences(from: from, to: to))
        }
    }

    /// What resources must become for the inventory to be what it was.
    ///
    /// - Parameters:
    ///   - target: What it is to be as of.
    ///   - current: What it is as of.
    func restoration(to target: UInt64, from current: UInt64) async throws -> [ResourceID: StoredResource?] {
        try await cancellable {
            let changed = try reader.resources(changedFrom: target, to: current)
            let states = try reader.states(of: changed, at: target)
            return Dictionary(uniqueKeysWithValues: changed.map { ($0, states[$0]) })
        }
    }
}

extension Kind {
    /// The unique keys of a stored document, of this or another version of the program.
    fileprivate func keys(of stored: StoredResource) throws -> Set<UniqueKey> {
        var unknown: Set<String> = []
        return Set(try readable(stored.document, unknown: &unknown).keys)
    }
}
