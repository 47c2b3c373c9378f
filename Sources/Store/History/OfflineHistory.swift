import DuckDB
import Foundation
import Inventory
package import Logging

/// Reads the history of a data directory from its files, also beside a running server, and changes nothing.
package struct OfflineHistory {
    private let past: PastReader

    package init(_ configuration: InventoryStore.Configuration, logger: Logger) throws {
        let files = try DataFiles(configuration)
        try files.check()
        let own =
            files.isOfFirstFormat ? nil : files.inventory.map { files.snapshots(of: $0, disk: configuration.disk) }
        past = PastReader(
            try Journal(
                reading: JournalFolder(configuration.journalDirectory, disk: configuration.disk),
                stretches: files.clockStretches
            ),
            own ?? SnapshotFolder(configuration.snapshotDirectory, disk: configuration.disk),
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
