package import Foundation
package import Logging

extension SnapshotFolder {
    /// Removes the snapshots that need not be kept, and the journal before the oldest moment that must be readable.
    ///
    /// - Returns: The ids of the snapshots that were removed.
    @discardableResult
    package func prune(
        _ retention: Retention,
        _ journal: Journal,
        at now: Date,
        _ logger: Logger
    ) throws -> [String] {
        var broken: [String] = []
        var good = try readable { id, error in broken.append(id) }
        // The newest one that is kept for sure has to be a good one.
        while let newest = good.first, !newest.isVerified {
            logger.warning("a snapshot is damaged", metadata: ["snapshot": "\(newest.id)"])
            good.removeFirst()
        }
        let items = good.compactMap { snapshot in
            Self.date(of: snapshot.id).map {
                Retention.Item(id: snapshot.id, date: $0, sequence: snapshot.manifest.sequence)
            }
        }
        let plan = retention.plan(items, reachesBeginning: journal.oldest == 1, now: now)
        guard let oldest = items.map(\.id).filter({ !plan.removed.contains($0) }).min() else { return [] }
        let removed = plan.removed + broken.filter { $0 < oldest }
        for id in removed {
            try remove(id)
            logger.info("removed an old snapshot", metadata: ["snapshot": "\(id)"])
        }
        let segments = try journal.prune(upTo: plan.oldest)
        if segments > 0 {
            logger.info(
                "removed old history",
                metadata: ["segments": .stringConvertible(segments), "oldest": "\(plan.oldest)"]
            )
        }
        return removed
    }

    /// Removes a snapshot, unless the inventory could not be restored without it.
    package func removeUnlessOnly(_ id: String, _ journal: Journal) throws {
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
    /// Whether every file is as its manifest says.
    package var isVerified: Bool {
        do {
            try verify()
            return true
        } catch {
            return false
        }
    }
}
