package import Inventory
package import Scheduling

/// One accepted transaction, as the journal keeps it.
package struct JournalRecord: Sendable, Equatable {
    /// The sequence number.
    package var sequence: UInt64
    /// When it was accepted; never before the transaction before it.
    package var time: Timestamp
    /// Subject of the token that asked for it, or its beginning; nil where no token is needed.
    package let author: String?
    /// The request that asked for it; nil where there was none, or where earlier versions have written it.
    package let origin: Origin?
    /// Why, where somebody said so, or the beginning of that.
    package let reason: String?
    /// What the client calls the request, where it may send it again.
    package let idempotency: Idempotency?
    package var changes: [JournalChange]

    package init(
        sequence: UInt64,
        time: Timestamp,
        author: String? = nil,
        origin: Origin? = nil,
        reason: String? = nil,
        idempotency: Idempotency? = nil,
        changes: [JournalChange]
    ) {
        self.sequence = sequence
        self.time = time
        self.author = author.map { String($0.prefix(bytes: Self.maximumTextSize)) }
        self.origin = origin.map { origin in
            Origin(
                address: String(origin.address.prefix(bytes: Self.maximumTextSize)),
                request: String(origin.request.prefix(bytes: Self.maximumTextSize))
            )
        }
        self.reason = reason.map { String($0.prefix(bytes: Self.maximumTextSize)) }
        self.idempotency = idempotency
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
    /// How much of an author's name or a reason is kept, in bytes of UTF-8.
    static let maximumTextSize = 1024

    /// The largest document of one resource, in bytes, so that each fits into a line with its secrets.
    package static let maximumDocumentSize = 4 << 20
}

extension String {
    /// The longest beginning, in whole characters, of so many bytes of UTF-8.
    func prefix(bytes limit: Int) -> Substring {
        guard utf8.count > limit else { return self[...] }
        var count = 0
        return prefix { character in
            count += character.utf8.count
            return count <= limit
        }
    }
}
