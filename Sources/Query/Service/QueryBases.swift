import Foundation
import Inventory
import Journal
import Logging
import Records
import Scheduling
import Store
import Synchronization
import Tables

/// What the tables of query workers begin with: snapshots, or where none is near enough, what the inventory is now.
///
/// A snapshot stays in the workers' folder while somebody holds a lease of it, even when the store removes it.
actor QueryBases {
    private let source: QuerySource
    private let logger: Logger
    private let leases = Leases()
    /// What was written last because no snapshot was near enough.
    private var exported: Snapshot?
    private var exporting: Task<Snapshot, any Error>?
    private nonisolated let executor = ThreadExecutor(label: "query bases", givesWay: true)

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private var folder: QueryFolder { source.folder }

    init(_ source: QuerySource, logger: Logger) {
        self.source = source
        self.logger = logger
    }

    /// What tables begin with.
    struct Base: Sendable {
        /// The id of a snapshot in the folder; nil for the empty inventory.
        var snapshot: String?
        /// The last transaction in it.
        var sequence: UInt64
        /// Keeps the snapshot where it is.
        var lease: Lease?
    }

    /// The newest base with what has changed since.
    ///
    /// - Parameters:
    ///   - sequence: The last transaction that counts at least.
    ///   - limit: How many resources may have changed since a snapshot for it to be one, where another can be written.
    /// - Returns: The base, and the last transaction that counts: more than was wanted where the base has more.
    func newest(
        through sequence: UInt64,
        limit: Int
    ) async throws -> (base: Base, through: UInt64, changes: [JournalChange]) {
        let limit = source.export == nil ? .max : limit
        for candidate in try candidates(at: sequence) {
            let changes = try await source.changes.changes(after: candidate.sequence, through: sequence, limit: limit)
            // Older ones have even more.
            guard let changes else { break }
            if let base = try await lease(candidate) { return (base, sequence, changes) }
        }
        guard let write = source.export else {
            throw Refusal(.invalid, "There is no snapshot that the inventory can be worked out from.")
        }
        let snapshot = try await export(write)
        let base = Base(snapshot: snapshot.id, sequence: snapshot.manifest.sequence, lease: leases.take([snapshot.id]))
        let through = max(sequence, base.sequence)
        let changes = try await source.changes.changes(after: base.sequence, through: through, limit: .max)
        return (base, through, changes ?? [])
    }

    /// Writes what the inventory is now; several who want that at once get the same.
    private func export(_ write: @escaping @Sendable (SnapshotFolder) async throws -> Snapshot) async throws -> Snapshot
    {
        if let exporting { return try await exporting.value }
        let task = Task {
            defer { exporting = nil }
            let snapshot = try await write(folder.snapshots)
            exported = snapshot
            return snapshot
        }
        exporting = task
        return try await task.value
    }

    /// The nearest base of a moment with what changed until then.
    ///
    /// - Throws: ``Refusal`` where that is more than may be.
    func base(at sequence: UInt64, limit: Int) async throws -> (base: Base, changes: [JournalChange]) {
        var isFar = false
        for candidate in try candidates(at: sequence) {
            let changes = try await source.changes.changes(after: candidate.sequence, through: sequence, limit: limit)
            guard let changes else {
                isFar = true
                break
            }
            if let base = try await lease(candidate) { return (base, changes) }
        }
        throw Refusal(
            .invalid,
            isFar
                ? "Between the nearest snapshot and \(sequence) more than \(limit) resources changed, or the journal is not "
                    + "kept; name a snapshot, or a moment that is nearer to one."
                : "There is no snapshot that the inventory as of \(sequence) can be worked out from."
        )
    }

    private struct Candidate {
        var snapshot: Snapshot?
        var sequence: UInt64
    }

    /// What a moment can be worked out from, the nearest first.
    private func candidates(at sequence: UInt64) throws -> [Candidate] {
        let snapshots = try source.snapshots.readable() + [exported].compactMap(\.self)
        let nearest = snapshots.filter { $0.manifest.sequence <= sequence }
            .sorted { ($0.manifest.sequence, $0.id) > ($1.manifest.sequence, $1.id) }
            .map { Candidate(snapshot: $0, sequence: $0.manifest.sequence) }
        return nearest + (source.oldest() == 1 ? [Candidate(sequence: 0)] : [])
    }

    /// - Returns: Nil where the snapshot cannot be used.
    private func lease(_ candidate: Candidate) async throws -> Base? {
        guard let snapshot = candidate.snapshot else { return Base(sequence: 0) }
        return try await lease(snapshot).map { Base(snapshot: snapshot.id, sequence: candidate.sequence, lease: $0) }
    }

    /// Has a snapshot be in the folder, and stay there.
    ///
    /// - Returns: Nil where it is damaged, or gone.
    private func lease(_ snapshot: Snapshot) async throws -> Lease? {
        do {
            try await folder.add(snapshot, source.fetch)
            return leases.take([snapshot.id])
        } catch {
            let isGone = try !source.snapshots.contains(snapshot.id)
            guard error is SnapshotError || isGone else { throw error }
            logger.warning(
                "queries cannot use a snapshot",
                metadata: ["snapshot": "\(snapshot.id)", "reason": "\(error)"]
            )
            return nil
        }
    }

    // MARK: The past

    /// The snapshots up to a transaction, oldest first.
    func past(through sequence: UInt64) throws -> [Snapshot] {
        try source.snapshots.readable().filter { $0.manifest.sequence <= sequence }.reversed()
    }

    /// Has snapshots be in the folder; those that cannot be used are left out.
    ///
    /// - Parameter deadline: When they must be there.
    func history(
        _ snapshots: [Snapshot],
        until deadline: ContinuousClock.Instant
    ) async throws -> (ids: [String], leases: [Lease]) {
        try tidy()
        var found: (ids: [String], leases: [Lease]) = ([], [])
        for (index, snapshot) in snapshots.enumerated() {
            try Task.checkCancellation()
            guard .now < deadline else {
                throw Refusal(
                    .unavailable,
                    "The snapshots are being prepared: \(index) of \(snapshots.count) are ready; try again soon."
                )
            }
            guard let lease = try await lease(snapshot) else { continue }
            found.ids.append(snapshot.id)
            found.leases.append(lease)
        }
        return found
    }

    /// The names, in the folder, of the files that have the changes up to a transaction.
    ///
    /// - Parameter deadline: When the files that are missing must be there.
    func changeFiles(
        through sequence: UInt64,
        until deadline: ContinuousClock.Instant
    ) async throws -> (names: [String], lease: Lease) {
        var attempt = 1
        while true {
            let files = try await source.changeFiles.files(upTo: sequence, until: deadline)
            do {
                let names = try folder.add(changes: files)
                let lease = leases.take(names)
                try folder.removeChanges(except: leases.held)
                return (names, lease)
            } catch {
                // Another statement may have had parts be put together meanwhile.
                guard attempt < Self.attempts else { throw error }
                attempt += 1
            }
        }
    }

    private static let attempts = 4

    /// Takes away what nobody uses and what the store does not have any more.
    private func tidy() throws {
        // What is being written is nobody's yet.
        guard exporting == nil else { return }
        let own = try source.snapshots.ids() + [exported?.id].compactMap(\.self)
        try folder.remove(except: leases.held.union(own))
    }

    /// Keeps snapshots in the workers' folder.
    final class Lease: Sendable {
        private let ids: [String]
        private let leases: Leases

        fileprivate init(_ ids: [String], _ leases: Leases) {
            self.ids = ids
            self.leases = leases
        }

        deinit { leases.end(ids) }
    }

    /// Counts the leases of each snapshot.
    fileprivate final class Leases: Sendable {
        private let counts = Mutex<[String: Int]>([:])

        var held: Set<String> { counts.withLock { Set($0.keys) } }

        func take(_ ids: [String]) -> Lease {
            counts.withLock { counts in
                for id in ids { counts[id, default: 0] += 1 }
            }
            return Lease(ids, self)
        }

        func end(_ ids: [String]) {
            counts.withLock { counts in
                for id in ids { counts[id] = counts[id].flatMap { $0 > 1 ? $0 - 1 : nil } }
            }
        }
    }
}
