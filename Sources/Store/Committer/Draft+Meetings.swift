import Inventory
import OrderedCollections
import Records

/// What operations do of which several are about one resource, for those that create resources unless these are there: what the
/// whole transaction comes to does not tell it.
extension Draft {
    /// Which operations are about the same resource.
    struct Meetings {
        /// The first operation about each resource.
        var firsts: [ResourceID: Int] = [:]
        /// What operations did, by their numbers, where the whole transaction does not tell.
        var changes: [Int: Outcome.Change] = [:]
    }

    /// A resource between two operations.
    struct State: Equatable {
        fileprivate var document: [UInt8]?
        fileprivate var secrets: SealedSecrets
        /// Those of the resource that it has a copy of, which no copy shows.
        fileprivate var embeddedSecrets: SealedSecrets
    }

    /// The resource after the operations so far.
    mutating func state(_ id: ResourceID) -> State {
        var document = current(id)
        if var fresh = document.take() {
            id.kind.rules?.refresh(&fresh, in: self)
            document = fresh
        }
        let embedded = document?.embeddedIdentifier.flatMap { identifier in
            id.kind.embedding.map { ResourceID($0.kind, identifier) }
        }
        return State(
            document: document?.bytes,
            secrets: secrets(of: id),
            embeddedSecrets: embedded.map { secrets(of: $0) } ?? SealedSecrets()
        )
    }

    /// Takes note that the operation changes a resource that is there.
    ///
    /// - Returns: The resource before that where an operation before it is about the same, else nil.
    mutating func beginMeeting(_ id: ResourceID) throws(Refusal) -> State? {
        guard let first = meetings.firsts[id] else {
            meetings.firsts[id] = operation
            return nil
        }
        let before = state(id)
        if meetings.changes[first] == nil, let staged = staged[id] {
            let isSame =
                before.document == staged.before?.document && !staged.hasOtherSecrets
                && !hasOtherSecrets(of: staged.document)
            meetings.changes[first] = staged.before == nil ? .created : isSame ? .same : .changed
        }
        return before
    }
}
