import Foundation
import Inventory
package import Journal
import Logging
import Records
import Tables

extension SnapshotFolder {
    /// Removes the snapshots that need not be kept.
    ///
    /// - Parameter reachesBeginning: Whether the journal goes back to the empty inventory.
    /// - Returns: What was removed, and how far back the journal must go; nil where no snapshot can be read.
    /// - Throws: ``SnapshotError`` where another version of the program has taken one.
    func prune(
        _ retention: Retention,
        reachesBeginning: Bool,
        at now: Date,
        _ logger: Logger
    ) throws -> Retention.Plan? {
        let plan = try plan(retention, reachesBeginning: reachesBeginning, at: now, logger)
        for id in plan?.removed ?? [] {
            try remove(id)
            logger.info("removed an old snapshot", metadata: ["snapshot": "\(id)"])
        }
        return plan
    }

    /// Decides which snapshots need not be kept, and changes nothing. One that cannot be read stays: nobody knows what it is
    /// needed for.
    ///
    /// - Parameter reachesBeginning: Whether the journal goes back to the empty inventory.
    /// - Returns: Nil where no snapshot can be read.
    /// - Throws: ``SnapshotError`` where another version of the program has taken one.
    func plan(
        _ retention: Retention,
        reachesBeginning: Bool,
        at now: Date,
        _ logger: Logger
    ) throws -> Retention.Plan? {
        var good: [Snapshot] = []
        for id in try ids() {
            do throws(SnapshotError) {
                good.append(try snapshot(id))
            } catch .otherVersion(let reason, let program) {
                throw SnapshotError.otherVersion("the snapshot \(id) \(reason)", program)
            } catch {
                logger.warning(
                    "kept a snapshot that cannot be used",
                    metadata: ["snapshot": "\(id)", "reason": "it \(error)"]
                )
            }
        }
        // What everything rests upon, the newest and the oldest that is kept, has to be good.
        while !good.isEmpty {
            let plan = retention.plan(good.compactMap(\.retentionItem), reachesBeginning: reachesBeginning, now: now)
            let kept = good.filter { !plan.removed.contains($0.id) }
            guard let bad = [kept.first, kept.last].compactMap(\.self).first(where: { !$0.isVerified }) else {
                return plan
            }
            logger.warning("a snapshot is damaged", metadata: ["snapshot": "\(bad.id)"])
            good.removeAll { $0.id == bad.id }
        }
        return nil
    }

    /// The oldest moment from which on every one can be read: that of a snapshot with which the journal goes on, or the beginning.
    ///
    /// - Parameter damaged: The ids of snapshots that cannot be read.
    func oldestMoment(_ journal: PublishedJournal, except damaged: Set<String> = []) throws -> UInt64 {
        let first = journal.oldest
        if first == 1 { return 0 }
        let bases = try readable().filter { !damaged.contains($0.id) && $0.manifest.sequence + 1 >= first }
        return bases.map(\.manifest.sequence).min() ?? journal.sequence
    }

    /// Removes a snapshot, unless the inventory could not be restored without it.
    package func removeUnlessOnly(_ id: String, _ journal: PublishedJournal) throws {
        let others = try readable().filter { $0.id != id && $0.manifest.sequence + 1 >= journal.oldest }
        guard journal.oldest == 1 || others.contains(where: \.isVerified) else {
            throw Refusal(
                .conflict,
                "Without the snapshot \(id) the inventory could not be restored; take another one first."
            )
        }
        try remove(id)
    }
}

extension Snapshot {
    var retentionItem: Retention.Item? {
        SnapshotID.date(of: id).map { Retention.Item(id: id, date: $0, sequence: manifest.sequence) }
    }
}
