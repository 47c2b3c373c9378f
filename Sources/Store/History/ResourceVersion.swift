import Foundation
package import Inventory
import Records
package import Schema

/// One version in the history of a resource.
package struct ResourceVersion: Sendable {
    /// The number of the transaction that made it.
    package var sequence: UInt64
    /// When; nil for a version that only a snapshot remembers.
    package var time: Timestamp?
    /// Subject of the token.
    package var author: String?
    /// Why, where somebody said so.
    package var reason: String?
    /// Whether the transaction deleted the resource.
    package var isDeletion: Bool
    /// What makes the document of this version from that of the one before.
    package var patch: JSONPatch
    /// JSON pointers of secrets that became others.
    package var changedSecrets: [String]
    /// Unique keys that another resource took of this one, in the same transaction.
    package var takenKeys: [(key: UniqueKey, by: ResourceID)] = []

    init(_ record: JournalRecord, from old: StoredResource?, to new: StoredResource?) {
        sequence = record.sequence
        time = record.time
        author = record.author
        reason = record.reason
        isDeletion = new == nil
        patch = JSONPatch(from: old?.json, to: new?.json)
        changedSecrets = StoredResource.changedSecrets(from: old, to: new)
    }

    /// A version that only a snapshot remembers.
    init(_ stored: StoredResource) {
        sequence = stored.version
        isDeletion = false
        patch = JSONPatch(from: nil, to: stored.json)
        changedSecrets = []
    }
}
