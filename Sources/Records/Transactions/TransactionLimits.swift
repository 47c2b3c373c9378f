package import Inventory
package import Schema

/// What a transaction may come to, with all that follows from it, so that none holds up the others for long.
package struct TransactionLimits: Sendable {
    /// Bytes of the documents that it writes, and of the patches that it takes for that.
    package var size: Int
    /// How many resources it changes; also how many operations it has.
    package var changes: Int

    package static let standard = TransactionLimits(size: 512 << 20, changes: 1_000_000)

    package init(size: Int, changes: Int) {
        self.size = size
        self.changes = changes
    }

    /// The refusal of a transaction whose documents are too large together.
    package var tooLarge: Refusal {
        let size = size >= 1 << 20 ? "\(size >> 20) MiB" : "\(size >> 10) KiB"
        return Refusal(
            .tooLarge,
            "The transaction writes more than \(size) of documents, those that embed what it changes among them; change "
                + "fewer resources at once (--transaction-max-size)."
        )
    }

    /// The refusal of a transaction that changes too much.
    package var tooMany: Refusal {
        Refusal(
            .tooLarge,
            "The transaction has more than \(changes) changes; make several of it (--transaction-max-changes)."
        )
    }
}

/// Members of a document to change (RFC 7396).
package struct MergePatch: Sendable {
    package let json: JSONValue
    /// The patch's length as text, in bytes, at about: what it costs to apply it.
    package let size: Int

    /// - Parameter size: Its length as text, in bytes, where it is known.
    package init(_ json: JSONValue, size: Int? = nil) {
        self.json = json
        self.size = size ?? json.bytes.count
    }
}
