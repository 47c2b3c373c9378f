package import Inventory

/// One accepted transaction, as the journal keeps it.
package struct JournalRecord: Sendable, Equatable {
    /// Its sequence number.
    package var sequence: UInt64
    /// When it was accepted; never before the transaction before it.
    package var time: Timestamp
    /// Subject of the token that asked for it; nil where no token is needed.
    package var author: String?
    /// Why, where somebody said so.
    package var reason: String?
    package var changes: [JournalChange]

    package init(
        sequence: UInt64,
        time: Timestamp,
        author: String? = nil,
        reason: String? = nil,
        changes: [JournalChange]
    ) {
        self.sequence = sequence
        self.time = time
        self.author = author
        self.reason = reason
        self.changes = changes
    }
}

/// What a transaction made of one resource.
package struct JournalChange: Sendable, Equatable {
    package var resource: ResourceID
    /// What is stored from then on; nil after a deletion.
    package var stored: StoredResource?

    package init(resource: ResourceID, stored: StoredResource? = nil) {
        self.resource = resource
        self.stored = stored
    }
}

extension JournalRecord {
    /// The largest document of one resource, in bytes, so that each fits into a line with its secrets.
    package static let maximumDocumentSize = 4 << 20
}
