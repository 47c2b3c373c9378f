import Foundation
import Inventory
import Journal
package import Records
import Scheduling

/// Says what transactions have made of resources, for whoever keeps tables of their own.
package actor ChangeReader {
    private var past: PastReader
    private nonisolated let executor = ThreadExecutor(label: "changes", givesWay: true)

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ past: sending PastReader) {
        self.past = past
    }

    /// The number of the last transaction before a moment, or at it.
    ///
    /// - Throws: ``Refusal`` for a moment that is yet to come, or that is no longer kept.
    package func sequence(of moment: Moment) throws -> UInt64 {
        try past.sequence(of: moment)
    }

    /// What resources have become by the transactions behind one number up to another: the last state of each, and nil for
    /// those that have been deleted.
    ///
    /// - Parameter limit: How many there are at most.
    /// - Returns: Nil where there are more, or where the journal does not go back so far.
    package func changes(after: UInt64, through: UInt64, limit: Int) throws -> [JournalChange]? {
        guard after < through else { return [] }
        guard after + 1 >= past.journal.journal.oldest else { return nil }
        let range = after + 1...through
        let changed = try past.journal.resources(changedIn: range)
        guard changed.count <= limit else { return nil }
        return try past.journal.versions(of: changed, in: range).values.map(\.change)
    }
}
