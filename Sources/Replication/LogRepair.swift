package import Foundation
package import Journal
package import PostgreSQL
package import Records

/// Begins a log with what there is, or puts back what it has lost, while no server is at work in the data directory.
package struct LogRepair {
    private let shared: SharedLog

    /// How long others wait for the lead at most, if this ends early.
    private static let lease = Duration.seconds(1)
    /// How many lines are appended at once, at about.
    private static let batch = 1000

    /// - Throws: ``PostgresError`` where the database cannot be reached.
    package init(_ location: PostgresLocation) throws {
        shared = try SharedLog(location, lease: Self.lease)
    }

    /// Has a new log go on from an inventory; does nothing where it has done so.
    ///
    /// - Parameters:
    ///   - tip: The inventory's last transaction, behind which the log begins.
    ///   - keys: The ids of its credential keys; the first one seals.
    /// - Throws: ``LogError`` where the log has another inventory, or does not go on from the transaction.
    package func begin(_ inventory: UUID, at tip: ChainPoint, keys: [String]) throws {
        try shared.found(inventory: inventory, keys: keys.reversed(), at: tip)
        guard let head = try shared.head() else { throw LogError.damaged("its head is missing") }
        guard head.inventory == inventory else { throw LogError.otherInventory(log: head.inventory, local: inventory) }
        guard try shared.has(tip) else { throw head.absence(of: tip) }
    }

    /// Puts back the transactions behind the log's last one.
    ///
    /// - Parameter journal: Of a server that has them.
    /// - Returns: The numbers of the first and the last; nil where the log has all of them.
    /// - Throws: ``ForeignPoint`` where the log has gone on otherwise, ``LogError`` where somebody else appends meanwhile.
    package func push(_ inventory: UUID, _ journal: PublishedJournal) throws -> ClosedRange<UInt64>? {
        guard let head = try shared.head() else { throw LogError.damaged("its head is missing") }
        guard head.inventory == inventory else { throw LogError.otherInventory(log: head.inventory, local: inventory) }
        if try journal.end().map(shared.has) ?? true { return nil }
        let lost = try journal.transactions(after: head.tip)
        guard let first = lost.first, let last = lost.last else { return nil }
        let tenure = UUID()
        // Whoever leads has nothing of its own behind that, or the log would have another end.
        guard try shared.take(tenure, after: head.lead?.tenure, isForced: true, as: "log push", at: "") == head.tip
        else {
            throw LogError.notLeading(holder: head.lead?.holder, url: head.lead?.url)
        }
        var tip = head.tip
        var rest = lost[...]
        while !rest.isEmpty {
            let some = rest.prefix(Self.batch)
            rest = rest.dropFirst(Self.batch)
            var chain = tip.hash
            var lines: [SharedLine] = []
            for (record, point) in some {
                lines += record.sharedLines(&chain)
                guard chain == point.hash else {
                    throw LogError.damaged("a hash differs at transaction \(record.sequence)")
                }
            }
            switch try shared.append(lines, after: tip, as: tenure) {
            case .counts: tip = some.last?.point ?? tip
            case .refused: throw LogError.notLeading(holder: nil, url: nil)
            case .warned(let warning): throw LogError.uncertain(warning)
            }
        }
        // The lead ends by itself, so that who takes it passes over numbers: other servers may have more that was lost.
        guard try shared.has(last.point) else { throw LogError.damaged("it does not have what was put back") }
        return first.record.sequence...last.record.sequence
    }
}
