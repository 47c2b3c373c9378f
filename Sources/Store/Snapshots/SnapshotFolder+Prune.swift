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
        var damaged: [String] = []
        var good = try readable { id, error in
            // One that merely cannot be read now, or by this program, is left alone.
            if case .damaged = error { damaged.append(id) }
        }
        var plan: Retention.Plan
        var kept: [Snapshot]
        // What everything rests upon, the newest and the oldest that is kept, has to be good.
        repeat {
            plan = retention.plan(
                good.compactMap(\.retentionItem),
                reachesBeginning: journal.oldest == 1,
                now: now
            )
            kept = good.filter { !plan.removed.contains($0.id) }
            guard let bad = [kept.first, kept.last].compactMap(\.self).first(where: { !$0.isVerified }) else { break }
            logger.warning("a snapshot is damaged", metadata: ["snapshot": "\(bad.id)"])
            good.removeAll { $0.id == bad.id }
        } while !good.isEmpty
        guard let oldest = kept.last?.id, !good.isEmpty else { return [] }
        let removed = plan.removed + damaged.filter { $0 < oldest }
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
    fileprivate var retentionItem: Retention.Item? {
        SnapshotFolder.date(of: id).map { Retention.Item(id: id, date: $0, sequence: manifest.sequence) }
    }

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
