package import Completeness
import DuckDB
import Foundation
import Journal
package import Logging
package import Records
import Tables

/// Reads the history of a data directory from its files, also beside a running server, and changes nothing.
package struct OfflineHistory {
    private let past: PastReader

    package init(_ directory: DataDirectory, logger: Logger) throws {
        let files = try DataFiles(directory)
        try files.check()
        let own =
            files.isOfFirstFormat ? nil : files.inventory.map(files.snapshots(of:))
        past = PastReader(
            try PublishedJournal(
                reading: JournalFolder(directory.journal, disk: directory.disk),
                stretches: files.clockStretches
            ),
            own ?? SnapshotFolder(directory.snapshots, disk: directory.disk),
            on: try Database(configuration: ["autoinstall_known_extensions": "false"]).connect(),
            keepsIndices: false
        )
    }

    /// What is otherwise at one moment than at another.
    ///
    /// - Parameter to: Nil for the newest.
    package func difference(from: Moment, to: Moment?) throws -> InventoryDifference {
        var past = past
        let from = try past.sequence(of: from)
        let to = try to.map(past.sequence(of:)) ?? past.journal.journal.sequence
        return InventoryDifference(from: from, to: to, resources: try past.differences(from: from, to: to))
    }
}
