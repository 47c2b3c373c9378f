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
    /// The number of the last transaction that was in effect before anything is read.
    let beginning: UInt64
    let caller: Caller

    /// The resource that a client's reference names, and the number of the transaction as of which it is so; that of now is
    /// answered at once.
    ///
    /// - Throws: ``Refusal`` for a moment that is yet to come, or that is no longer kept; so do all that read at one.
    package func resource(
        _ kind: Kind,
        _ reference: String
    ) async throws -> (stored: StoredResource?, sequence: UInt64) {
        let reference = kind.reference(reference)
        guard let moment else { return resource(kind, reference) }
        return try await past.read(for: caller) { try await $0.resource(kind, reference, at: moment) }
    }

    private func resource(_ kind: Kind, _ reference: Kind.Reference) -> (stored: StoredResource?, sequence: UInt64) {
        if let stored = directory.resource(kind, reference: reference)?.stored {
            return (stored, max(beginning, stored.version))
        }
        // What is not there has no version.
        let found = directory.find(kind, reference: reference)
        return (found.stored, max(beginning, found.sequence))
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
            let (resources, lastChange, sequence) = directory.state(search.kind)
            return SearchResult(resources: resources, sequence: max(beginning, sequence), lastChange: lastChange)
        }
        if let (found, lastChange) = directory.resources(matching: search) {
            let sequence = max(beginning, lastChange.sequence)
            return SearchResult(resources: found, sequence: sequence, lastChange: lastChange)
        }
        return try await searches.read(for: caller) { try $0.result(of: search) }
    }

    /// What ``SearchResult/lastChange`` is of a search that is made now, without one, and the number of the transaction as of which
    /// it is so, nil where the moment says that; nil for a moment that is yet to come.
    ///
    /// While it is the same, the same search finds the same.
    package func lastChange(of search: Search) -> (lastChange: ChainPoint, sequence: UInt64?)? {
        switch moment {
        case nil:
            let lastChange = directory.lastChange(of: search.kinds)
            return (lastChange, max(beginning, lastChange.sequence))
        case .sequence(let sequence) where sequence > journal.announced: return nil
        case .time(let time) where time.microseconds > Int64(Date().timeIntervalSince1970 * 1e6): return nil
        // What a time means may change with each transaction, where the clock was set back.
        case .sequence, .time, .snapshot: return (directory.lastChange(of: Kind.allCases), nil)
        }
    }

    /// How many resources match a search, whatever its limit, and the number of the transaction as of which it is so.
    package func count(_ search: Search) async throws -> (count: Int, sequence: UInt64) {
        guard let moment else { return try await searches.read(for: caller) { try $0.count(search) } }
        return try await past.read(for: caller) { try await $0.count(search, at: moment) }
    }
}
