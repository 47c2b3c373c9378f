package import Completeness
import DuckDB
package import Foundation
package import Journal
package import Records
package import Tables

/// Reads an inventory from its files, also beside a running server, and changes nothing.
package struct OfflineHistory: Sendable {
    /// The journal as it was found.
    package let journal: PublishedJournal
    package let snapshots: SnapshotFolder
    /// Where a server keeps the changes as Parquet files.
    private let changes: URL?

    /// The inventory of a data directory.
    package init(_ directory: DataDirectory) throws {
        let files = try DataFiles(directory)
        try files.check()
        let own = files.isOfFirstFormat ? nil : files.inventory.map(files.snapshots(of:))
        snapshots = own ?? SnapshotFolder(directory.snapshots, disk: directory.disk)
        let folder = JournalFolder(directory.journal, disk: directory.disk)
        journal =
            files.segments.isEmpty
            ? try Self.journalBehind(snapshots, in: folder)
            : try PublishedJournal(reading: folder, stretches: files.clockStretches)
        changes = directory.changes
    }

    /// A folder of snapshots without a journal: the inventory is what the newest has, and of the past only what snapshots
    /// have can be read.
    ///
    /// Snapshots of other inventories than the newest is of are not seen.
    ///
    /// - Throws: ``SnapshotError`` where the newest cannot be read.
    package init?(_ snapshots: SnapshotFolder) throws {
        let ids = try snapshots.ids()
        guard let newest = try ids.first.map(snapshots.snapshot) else { return nil }
        var own = snapshots
        own.owner = newest.manifest.inventory.map { .init(inventory: $0, adopted: Set(ids)) }
        self.snapshots = own
        journal = try Self.journalBehind(own, in: JournalFolder(snapshots.path, disk: snapshots.disk))
        changes = nil
    }

    /// The journal of an inventory of which there are only snapshots.
    private static func journalBehind(_ snapshots: SnapshotFolder, in folder: JournalFolder) throws -> PublishedJournal
    {
        try PublishedJournal(endingAt: snapshots.readable().map(\.manifest.sequence).max() ?? 0, in: folder)
    }

    private func pastReader() throws -> PastReader {
        PastReader(
            journal,
            snapshots,
            on: try Database(configuration: ["autoinstall_known_extensions": "false"]).connect(),
            keepsIndices: false
        )
    }

    /// What transactions have made of resources.
    package func changeReader() throws -> ChangeReader { ChangeReader(try pastReader()) }

    /// The changes in the journal as Parquet files, those that a server has not made either.
    ///
    /// - Parameter folder: Where the files are.
    package func changeFiles(in folder: URL) throws -> ChangeFiles {
        ChangeFiles(try pastReader(), in: folder, disk: Disk(), sharing: changes)
    }

    /// What is otherwise at one moment than at another.
    ///
    /// - Parameter to: Nil for the newest.
    package func difference(from: Moment, to: Moment?) throws -> InventoryDifference {
        var past = try pastReader()
        let from = try past.sequence(of: from)
        let to = try to.map(past.sequence(of:)) ?? journal.sequence
        return InventoryDifference(from: from, to: to, resources: try past.differences(from: from, to: to))
    }
}
