import DuckDB
import Foundation
import Inventory
import Journal
import Records
import Tables

/// Reads what the inventory was, from the journal and the snapshots that it follows.
///
/// What a resource was after a transaction is its last version in the journal up to that, or else what the newest
/// snapshot before has of it. So reading a moment costs what has changed since, not the size of the inventory.
struct PastReader {
    var journal: JournalReader
    private let snapshots: SnapshotFolder
    let connection: Connection
    /// Files of snapshots that agree with their manifest, and ids of snapshots that have others.
    private var verified: Set<URL> = []
    private var damaged: Set<String> = []

    /// - Parameter keepsIndices: Whether indices of segments that had to be made are written to disk.
    init(_ journal: PublishedJournal, _ snapshots: SnapshotFolder, on connection: Connection, keepsIndices: Bool = true)
    {
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
            guard let number = try journal.sequence(at: time) ?? snapshot(before: time) ?? beginning else {
                throw Refusal(gone: "The inventory as of \(moment) is not kept any more.", oldest: try oldest())
            }
            sequence = number
        }
        guard try bases(of: sequence).first != nil else {
            throw Refusal(gone: "The inventory as of \(moment) is not kept any more.", oldest: try oldest())
        }
        return sequence
    }

    /// The number before the first transaction, where the journal goes back to that: nothing was there at any time before.
    private var beginning: UInt64? { journal.journal.oldest == 1 ? 0 : nil }

    /// What a moment is worked out from: a snapshot, or the empty inventory at the beginning.
    private enum Base {
        case beginning
        case snapshot(Snapshot)

        var sequence: UInt64 {
            switch self {
            case .beginning: 0
            case .snapshot(let snapshot): snapshot.manifest.sequence
            }
        }
    }

    /// What a moment can be worked out from, the nearest first.
    private func bases(of sequence: UInt64) throws -> [Base] {
        let oldest = journal.journal.oldest
        let snapshots = try goodSnapshots().filter { snapshot in
            let base = snapshot.manifest.sequence
            return base == sequence || (base < sequence && base + 1 >= oldest)
        }
        return snapshots.map(Base.snapshot) + (oldest == 1 ? [.beginning] : [])
    }

    /// The oldest moment from which on every one can be read. Older snapshots can be read, but nothing between them.
    func oldest() throws -> UInt64 {
        try snapshots.oldestMoment(journal.journal, except: damaged)
    }

    /// The snapshots that can be read, those with the highest numbers first.
    private func goodSnapshots() throws -> [Snapshot] {
        try snapshots.readable().filter { !damaged.contains($0.id) }
            .sorted { ($0.manifest.sequence, $0.id) > ($1.manifest.sequence, $1.id) }
    }

    /// The snapshot that the journal begins with, if it was taken before a time.
    private func snapshot(before time: Timestamp) throws -> UInt64? {
        let first = journal.journal.oldest
        return try goodSnapshots().first { snapshot in
            try snapshot.manifest.sequence + 1 >= first && Timestamp(snapshot.manifest.createdAt) <= time
        }?.manifest.sequence
    }

    // MARK: Changes

    /// The resources that may be otherwise after one transaction than after a later one.
    mutating func resources(changedFrom from: UInt64, to: UInt64) throws -> Set<ResourceID> {
        guard from < to else { return [] }
        let oldest = try oldest()
        if from >= oldest { return try journal.resources(changedIn: from + 1...to) }
        // What an older snapshot has is compared with all that there is where the journal begins.
        var resources = try identifiers(at: from)
        guard to > oldest else { return try resources.union(identifiers(at: to)) }
        resources.formUnion(try identifiers(at: oldest))
        return try resources.union(journal.resources(changedIn: oldest + 1...to))
    }

    /// All resources that there were at a moment of which there is a snapshot.
    private mutating func identifiers(at sequence: UInt64) throws -> Set<ResourceID> {
        try withBase(of: sequence) { past, base in
            guard case .snapshot(let snapshot) = base else { return [] }
            var identifiers: Set<ResourceID> = []
            for kind in Kind.allCases {
                identifiers.formUnion(try past.rows(of: kind, nil, in: snapshot).map(\.resource))
            }
            return identifiers
        }
    }

    /// Does something with the nearest base of a moment, or with the next one where that is damaged.
    private mutating func withBase<Value>(
        of sequence: UInt64,
        _ body: (inout PastReader, Base) throws -> Value
    ) throws -> Value {
        while let base = try bases(of: sequence).first {
            do {
                return try body(&self, base)
            } catch let error as SnapshotError {
                guard case .snapshot(let snapshot) = base, try bases(of: sequence).count > 1 else { throw error }
                damaged.insert(snapshot.id)
            }
        }
        throw Refusal(gone: "The inventory as of \(sequence) is not kept any more.", oldest: try oldest())
    }

    // MARK: States

    /// What resources were after a transaction; those that were not there are left out.
    mutating func states(of wanted: Set<ResourceID>, at sequence: UInt64) throws -> [ResourceID: StoredResource] {
        try withBase(of: sequence) { past, base in
            var states: [ResourceID: StoredResource] = [:]
            var rest = wanted
            if base.sequence < sequence {
                for (id, version) in try past.journal.versions(of: wanted, in: base.sequence + 1...sequence) {
                    states[id] = version.change.stored
                    rest.remove(id)
                }
            }
            guard case .snapshot(let snapshot) = base else { return states }
            for (kind, ids) in Dictionary(grouping: rest, by: \.kind) {
                for change in try past.rows(of: kind, ids.map(\.id), in: snapshot) {
                    states[change.resource] = change.stored
                }
            }
            return states
        }
    }

    /// Reads resources from a snapshot.
    ///
    /// - Parameter ids: Those to read; nil for all.
    private mutating func rows(of kind: Kind, _ ids: [UUID]?, in snapshot: Snapshot) throws -> [Change] {
        guard let file = snapshot.file(of: kind) else { return [] }
        if !verified.contains(file) {
            try snapshot.verify(kind)
            verified.insert(file)
        }
        let table = ResourceTable.of(kind)
        guard var sql = try SnapshotSelection(table, in: snapshot, on: connection)?.sql else { return [] }
        if let ids {
            try connection.execute("CREATE OR REPLACE TEMP TABLE wanted(id VARCHAR);")
            let appender = try Appender(connection, table: "wanted")
            for id in ids {
                try appender.append(id.lowercased)
                try appender.endRow()
            }
            try appender.close()
            sql = "SELECT * FROM (\(sql)) WHERE \(table.identifier) IN (SELECT id FROM wanted)"
        }
        return try table.resources(connection.query(sql))
    }

    /// The resources that are otherwise after one transaction than after another.
    mutating func differences(from: UInt64, to: UInt64) throws -> [Difference] {
        guard from != to else { return [] }
        let changed = try resources(changedFrom: min(from, to), to: max(from, to))
        let before = try states(of: changed, at: from)
        let after = try states(of: changed, at: to)
        return changed.compactMap { id in
            let difference = Difference(resource: id, before: before[id], after: after[id])
            return difference.isEmpty ? nil : difference
        }.sorted { ($0.resource.kind.name, $0.resource.id) < ($1.resource.kind.name, $1.resource.id) }
    }
}
