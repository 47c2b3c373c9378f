import Foundation
package import Inventory
import Journal
package import Records
import Scheduling

/// The inventory as it is, or as it was at a moment, for one caller.
package struct InventoryReader: Sendable {
    let directory: Directory
    let journal: PublishedJournal
    let searches: Searches
    let past: PastReads
    /// Nil for now.
    let moment: Moment?
    let caller: Caller

    /// The resource that a client's reference names; that of now is answered at once.
    ///
    /// - Throws: ``Refusal`` for a moment that is yet to come, or that is no longer kept; so do all that read at one.
    package func resource(_ kind: Kind, _ reference: String) async throws -> StoredResource? {
        guard let moment else { return directory.resource(kind, reference: kind.reference(reference))?.stored }
        return try await past.read(for: caller) { try await $0.resource(kind, kind.reference(reference), at: moment) }
    }

    /// The number of the transaction that the moment stands for; nil for now.
    package func sequence() async throws -> UInt64? {
        guard let moment else { return nil }
        return try await past.read(for: caller) { try await $0.sequence(of: moment) }
    }

    /// The resources that match a search. Of now, every change is seen that was answered before.
    ///
    /// - Throws: ``Refusal`` when it takes too long, or the caller's turn does not come; `CancellationError`.
    package func search(_ search: Search) async throws -> SearchResult {
        if let moment { return try await past.read(for: caller) { try await $0.search(search, at: moment) } }
        if search.isEverything {
            let (resources, lastChange) = directory.state(search.kind)
            return SearchResult(resources: resources, sequence: journal.announced, lastChange: lastChange)
        }
        // Before what it may already have changed again.
        let lastChange = directory.lastChange(of: search.kinds)
        if let found = directory.resources(matching: search) {
            return SearchResult(resources: found, sequence: journal.announced, lastChange: lastChange)
        }
        return try await searches.read(for: caller) { try $0.result(of: search) }
    }

    /// What ``SearchResult/lastChange`` is of a search that is made now, without one; nil for a moment that is yet to come.
    ///
    /// While it is the same, the same search finds the same.
    package func lastChange(of search: Search) -> ChainPoint? {
        switch moment {
        case nil: return directory.lastChange(of: search.kinds)
        case .sequence(let sequence) where sequence > journal.announced: return nil
        case .time(let time) where time.microseconds > Int64(Date().timeIntervalSince1970 * 1e6): return nil
        // What a time means may change with each transaction, where the clock was set back.
        case .sequence, .time, .snapshot: return directory.lastChange(of: Kind.allCases)
        }
    }

    /// How many resources match a search, whatever its limit.
    package func count(_ search: Search) async throws -> Int {
        if let moment { return try await past.read(for: caller) { try await $0.count(search, at: moment) } }
        return try await searches.read(for: caller) { try $0.count(search) }
    }
}
