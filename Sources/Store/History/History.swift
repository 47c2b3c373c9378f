import DuckDB
import Foundation
package import Inventory
import Logging

/// Answers what the inventory was, one question at a time.
actor History {
    private var reader: PastReader
    private let directory: Directory
    private let temporaryDirectory: URL
    private let logger: Logger
    private nonisolated let executor = SerialQueueExecutor(label: "history", qos: .utility)

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ reader: sending PastReader, directory: Directory, temporaryDirectory: URL, logger: Logger) {
        self.reader = reader
        self.directory = directory
        self.temporaryDirectory = temporaryDirectory
        self.logger = logger
    }

    func sequence(of moment: Moment) throws -> UInt64 {
        try reader.sequence(of: moment)
    }

    // MARK: As it was

    /// The resources of a kind that matched a search at a moment, in the order of their identifiers.
    func resources(_ search: Search, at moment: Moment) async throws -> [StoredResource] {
        let sequence = try reader.sequence(of: moment)
        let all = try resources(search.kind, at: sequence)
        if search.matchesAll { return all.map(\.stored) }
        let past = try Projection(temporaryDirectory: temporaryDirectory, logger: logger)
        let changes = all.map { id, stored in
            Change(resource: ResourceID(search.kind, id), stored: stored, indexBefore: nil, index: nil)
        }
        past.enqueue(changes, through: sequence)
        return try await past.search(search)
    }

    private func resources(_ kind: Kind, at sequence: UInt64) throws -> [(id: UUID, stored: StoredResource)] {
        var resources = Dictionary(uniqueKeysWithValues: directory.all(kind).map { ($0.id, $0.stored) })
        // After the directory was read, so that nothing that it has is missing here.
        let changed = try changes(since: sequence, of: kind)
        let states = try reader.states(of: changed, at: sequence)
        for id in changed { resources[id.id] = states[id] }
        return resources.map { (id: $0.key, stored: $0.value) }.sorted { $0.id < $1.id }
    }

    /// The resources of a kind that a transaction after another has changed.
    private func changes(since sequence: UInt64, of kind: Kind) throws -> Set<ResourceID> {
        let now = reader.journal.journal.sequence
        guard sequence < now else { return [] }
        return try reader.journal.resources(changedIn: sequence + 1...now).filter { $0.kind == kind }
    }

    /// The resource that a reference named at a moment, as it was then.
    func resource(_ kind: Kind, _ reference: Kind.Reference, at moment: Moment) throws -> StoredResource? {
        let sequence = try reader.sequence(of: moment)
        if let id = reference.id.map({ ResourceID(kind, $0) }),
            let state = try reader.states(of: [id], at: sequence)[id]
        {
            return state
        }
        guard !reference.keys.isEmpty else { return nil }
        var candidates = Set(reference.keys.compactMap { directory.holder(kind, of: $0) }.map { ResourceID(kind, $0) })
        candidates.formUnion(try changes(since: sequence, of: kind))
        for state in try reader.states(of: candidates, at: sequence).values {
            var unknown: Set<String> = []
            let keys = try kind.readable(state.document, unknown: &unknown).uniqueKeys
            if reference.keys.contains(where: keys.contains) { return state }
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
        var versions = found.prefix(limit).enumerated().map { index, version in
            let previous = index + 1 < found.count ? found[index + 1].change.stored : first
            return ResourceVersion(version.record, from: previous, to: version.change.stored)
        }
        var hasMore = found.count > limit
        if let first, first.version <= newest {
            if versions.count < limit { versions.append(ResourceVersion(first)) } else { hasMore = true }
        }
        return versions.isEmpty && before == nil ? nil : (versions, hasMore)
    }

    /// Writes the indices of segments that have been closed.
    func writeIndices() throws(DiskError) {
        try reader.journal.journal.writeIndices()
    }

    // MARK: Comparing

    /// What is otherwise after one moment than after another.
    func difference(from: Moment, to: Moment) throws -> InventoryDifference {
        let from = try reader.sequence(of: from)
        let to = try reader.sequence(of: to)
        return InventoryDifference(from: from, to: to, resources: try reader.differences(from: from, to: to))
    }
}

extension PastReader {
    /// What resources must become for the inventory to be what it was, in the fields that this program knows.
    mutating func restoration(
        to target: UInt64,
        from current: UInt64,
        logger: Logger
    ) throws -> [ResourceID: StoredResource?] {
        var unknown: Set<String> = []
        var restored: [ResourceID: StoredResource?] = [:]
        for difference in try differences(from: current, to: target) {
            var stored = difference.after
            if let document = stored?.document {
                stored?.document = try difference.resource.kind.readable(document, unknown: &unknown).document
            }
            restored[difference.resource] = .some(stored)
        }
        JournalReplay.report(unknown, logger)
        return restored
    }
}
