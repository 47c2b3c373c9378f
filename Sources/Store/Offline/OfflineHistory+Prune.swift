import Foundation
import Journal
package import Logging
import Tables

extension OfflineHistory {
    /// What ``InventoryStore/prune()`` would remove.
    ///
    /// - Returns: The ids of the snapshots, oldest first, and the last transaction of the history that would go; nil where all
    ///   of it would stay.
    /// - Throws: ``SnapshotError`` where another version of the program has taken a snapshot.
    package func removable(
        _ retention: Retention,
        logger: Logger
    ) throws -> (snapshots: [String], history: UInt64?) {
        let plan = try snapshots.plan(retention, reachesBeginning: journal.oldest == 1, at: Date(), logger)
        guard let plan else { return ([], nil) }
        let count = journal.removable(upTo: plan.oldest).count
        return (plan.removed, count > 0 ? journal.segments[count].first - 1 : nil)
    }
}
