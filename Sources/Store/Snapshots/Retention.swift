package import Foundation

/// Which snapshots are kept, and from where on the journal is.
package struct Retention: Sendable {
    /// The newest so many snapshots are kept; at least one is.
    package var count: Int
    /// Snapshots younger than this are kept as well.
    package var age: Duration?
    /// Any moment within this time can be read; nil for none beyond what the snapshots give.
    package var history: Duration?

    package init(count: Int, age: Duration? = nil, history: Duration? = nil) {
        self.count = count
        self.age = age
        self.history = history
    }

    /// What is kept unless an administrator says otherwise: 24 snapshots and 30 days.
    package static let standard = Retention(count: 24, history: .seconds(30 * 24 * 3600))

    /// A good snapshot.
    package struct Item: Sendable {
        /// The snapshot's id; ids sort as their dates do.
        package let id: String
        /// When it was taken.
        package let date: Date
        /// Sequence number of the last transaction in it.
        package let sequence: UInt64

        package init(id: String, date: Date, sequence: UInt64) {
            self.id = id
            self.date = date
            self.sequence = sequence
        }
    }

    /// What goes and what stays.
    package struct Plan: Equatable, Sendable {
        /// The ids of the snapshots that need not be kept, oldest first.
        package var removed: [String]
        /// Sequence number of the oldest moment that can be read: the journal after it is kept.
        package var oldest: UInt64

        package init(removed: [String], oldest: UInt64) {
            self.removed = removed
            self.oldest = oldest
        }
    }

    /// Whether a snapshot would be kept that is older than all of some.
    func keepsOlder(than snapshots: [Item], now: Date) -> Bool {
        let older = Item(id: "", date: .distantPast, sequence: 0)
        return !plan(snapshots + [older], reachesBeginning: false, now: now).removed.contains(older.id)
    }

    /// Decides which snapshots go; never all of them.
    ///
    /// - Parameters:
    ///   - snapshots: All good snapshots, in any order.
    ///   - reachesBeginning: Whether the journal goes back to the empty inventory.
    package func plan(_ snapshots: [Item], reachesBeginning: Bool, now: Date) -> Plan {
        let newestFirst = snapshots.sorted { $0.id > $1.id }
        var kept = Array(newestFirst.prefix(max(count, 1)))
        var rest = newestFirst.dropFirst(kept.count)
        if let age {
            let start = now - age
            kept += rest.filter { $0.date > start }
            rest.removeAll { $0.date > start }
        }
        var oldest = kept.map(\.sequence).min() ?? 0
        if let history, let last = newestFirst.last {
            // A moment is read from a snapshot at or before it and the journal between the two.
            let before = newestFirst.first { [start = now - history] in $0.date <= start }
            if before == nil, reachesBeginning {
                oldest = 0
            } else {
                let anchor = before ?? last
                oldest = min(oldest, anchor.sequence)
                rest.removeAll { $0.id == anchor.id }
            }
        }
        return Plan(removed: rest.reversed().map(\.id), oldest: oldest)
    }
}

extension Date {
    fileprivate static func - (date: Date, duration: Duration) -> Date {
        date.addingTimeInterval(-(duration / .seconds(1)))
    }
}
