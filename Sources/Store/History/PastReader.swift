import DuckDB
import Foundation
import Inventory

/// Reads what the inventory was, from the journal and the snapshots that it follows.
///
/// What a resource was after a transaction is its last version in the journal up to that, or else what the newest
/// snapshot before has of it. So reading a moment costs what has changed since, not the size of the inventory.
struct PastReader {
    var journal: JournalReader
    private let snapshots: SnapshotFolder
    private let connection: Connection
    /// Files of snapshots that agree with their manifest.
    private var verified: Set<URL> = []

    /// - Parameter keepsIndices: Whether indices of segments that had to be made are written to disk.
    init(_ journal: Journal, _ snapshots: SnapshotFolder, on connection: Connection, keepsIndices: Bool = true) {
        self.journal = JournalReader(journal, keepsIndices: keepsIndices)
        self.snapshots = snapshots
        self.connection = connection
    }

    // MARK: Moments

    /// The number of the last transaction before a moment, or at it.
    ///
    /// - Throws: ``Refusal`` for a moment that is yet to come, or that is no longer kept.
    func sequence(of moment: Moment) throws -> UInt64 {
        let newest = journal.journal.sequence
        let sequence: UInt64
        switch moment {
        case .sequence(let number):
            guard number <= newest else {
                throw Refusal(.invalid, "The \(moment) has not been reached; the newest is \(newest).")
            }
            sequence = number
        case .snapshot(let id):
            guard try snapshots.contains(id) else {
                throw Refusal(gone: "There is no \(moment).", oldest: try oldest())
            }
            sequence = try snapshots.snapshot(id).manifest.sequence
        case .time(let time):
            guard time.microseconds <= Int64(Date().timeIntervalSince1970 * 1e6) else {
                throw Refusal(.invalid, "The time \(moment) is yet to come.")
            }
            guard let number = try journal.sequence(at: time) ?? firstSnapshot(before: time) else {
                throw Refusal(gone: "The inventory as of \(moment) is not kept any more.", oldest: try oldest())
            }
            sequence = number
        }
        guard try base(of: sequence) != nil else {
            throw Refusal(gone: "The inventory as of \(moment) is not kept any more.", oldest: try oldest())
        }
        return sequence
    }

    /// What a moment is worked out from: a snapshot, or the empty inventory at the beginning.
    private enum Base {
        case beginning
        case snapshot(Snapshot)
    }

    private func base(of sequence: UInt64) throws -> Base? {
        let oldest = journal.journal.oldest
        let newest = try goodSnapshots().first { $0.manifest.sequence <= sequence }
        if let newest, newest.manifest.sequence + 1 >= oldest || newest.manifest.sequence == sequence {
            return .snapshot(newest)
        }
        return oldest == 1 ? .beginning : nil
    }

    /// The oldest moment from which on every one can be read.
    func oldest() throws -> UInt64 {
        let first = journal.journal.oldest
        if first == 1 { return 0 }
        return try goodSnapshots().map(\.manifest.sequence).last { $0 + 1 >= first } ?? journal.journal.sequence
    }

    /// The snapshots that can be read, those with the highest numbers first.
    private func goodSnapshots() throws -> [Snapshot] {
        try snapshots.readable().sorted { ($0.manifest.sequence, $0.id) > ($1.manifest.sequence, $1.id) }
    }

    private func firstSnapshot(before time: Timestamp) throws -> UInt64? {
        try goodSnapshots().first { try Timestamp($0.manifest.createdAt) <= time }?.manifest.sequence
    }

    // MARK: States

    /// What resources were after a transaction; those that were not there are left out.
    mutating func states(of wanted: Set<ResourceID>, at sequence: UInt64) throws -> [ResourceID: StoredResource] {
        guard let base = try base(of: sequence) else {
            throw Refusal(gone: "The inventory as of \(sequence) is not kept any more.", oldest: try oldest())
        }
        var states: [ResourceID: StoredResource] = [:]
        var start: UInt64 = 0
        var snapshot: Snapshot?
        if case .snapshot(let found) = base {
            snapshot = found
            start = found.manifest.sequence
        }
        var rest = wanted
        if start < sequence {
            for (id, version) in try journal.versions(of: wanted, in: start + 1...sequence) {
                states[id] = version.change.stored
                rest.remove(id)
            }
        }
        if let snapshot {
            for (kind, ids) in Dictionary(grouping: rest, by: \.kind) {
                for change in try rows(of: kind, ids.map(\.id), in: snapshot) {
                    states[change.resource] = change.stored
                }
            }
        }
        return states
    }

    /// Reads resources from a snapshot.
    private mutating func rows(of kind: Kind, _ ids: [UUID], in snapshot: Snapshot) throws -> [Change] {
        let file = snapshot.file(of: kind)
        if !verified.contains(file) {
            try snapshot.verify(kind)
            verified.insert(file)
        }
        guard let table = ProjectionTable.all.first(where: { $0.kind == kind }) else { return [] }
        let selection = try SnapshotSelection(table, file: file, on: connection)
        try connection.execute("CREATE OR REPLACE TEMP TABLE wanted(id UUID);")
        let appender = try Appender(connection, table: "wanted")
        for id in ids {
            try appender.append(id)
            try appender.endRow()
        }
        try appender.close()
        let reader = RowReader(table)
        let result = try connection.query(
            "SELECT * FROM (\(selection.sql)) WHERE \(table.identifier) IN (SELECT id FROM wanted)"
        )
        var changes: [Change] = []
        while let chunk = try result.nextChunk() { changes += try reader.changes(in: chunk) }
        return changes
    }

    /// The resources that are otherwise after one transaction than after another.
    mutating func differences(from: UInt64, to: UInt64) throws -> [Difference] {
        guard from != to else { return [] }
        let changed = try journal.resources(changedIn: min(from, to) + 1...max(from, to))
        let before = try states(of: changed, at: from)
        let after = try states(of: changed, at: to)
        return changed.compactMap { id in
            let difference = Difference(resource: id, before: before[id], after: after[id])
            return difference.isEmpty ? nil : difference
        }.sorted { ($0.resource.kind.rawValue, $0.resource.id) < ($1.resource.kind.rawValue, $1.resource.id) }
    }
}
