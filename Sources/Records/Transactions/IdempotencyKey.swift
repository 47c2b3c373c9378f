import Crypto
import Foundation
package import Inventory

/// What a client calls a request, so that it is done once however often it is sent: the field `Idempotency-Key`
/// (<https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>).
package struct IdempotencyKey: Sendable, Equatable {
    /// What the client has sent, 1 to 255 visible ASCII characters.
    package let text: String
    /// Tells the request from others that come with the same key by mistake.
    package let request: Hash128

    /// How many characters a key has at most.
    package static let maximumLength = 255
    /// How many operations a request with a key has at most, since the journal has the resource of each.
    package static let maximumOperations = 20_000

    package init(_ text: String, of request: Hash128) {
        self.text = text
        self.request = request
    }

    /// What tells the key of a subject from all others.
    package func scope(of subject: String?) -> Hash128 {
        var hash = SHA256()
        // Of long names the journal has the beginning. Keys have no zero in them, and nobody is not who has an empty name.
        let author = subject.map { "by \($0.prefix(bytes: JournalRecord.maximumTextSize))" }
        for part in [author ?? "", text] { hash.update(data: Data(part.utf8) + [0]) }
        return Hash128(hash.finalize())
    }
}

/// What the journal keeps of a request that its client may send again: enough to answer it again.
package struct Idempotency: Sendable, Equatable {
    package var key: IdempotencyKey
    /// The resource of each operation, in their order, and what became of it.
    package var outcomes: [Outcome]

    package struct Outcome: Sendable, Equatable {
        package var resource: ResourceID
        package var change: Records.Outcome.Change

        package init(_ resource: ResourceID, _ change: Records.Outcome.Change) {
            self.resource = resource
            self.change = change
        }
    }

    package init(_ key: IdempotencyKey, outcomes: [Outcome]) {
        self.key = key
        self.outcomes = outcomes
    }
}

/// A request that was done, by its key.
package struct DoneRequest: Sendable, Equatable {
    /// Whose key it is, and which.
    package var scope: Hash128
    package var request: Hash128
    /// The number of its transaction, and when that was accepted.
    package var sequence: UInt64
    package var time: Timestamp

    package init(scope: Hash128, request: Hash128, sequence: UInt64, time: Timestamp) {
        self.scope = scope
        self.request = request
        self.sequence = sequence
        self.time = time
    }
}

extension JournalRecord {
    /// The request that asked for it, where that has a key.
    package var doneRequest: DoneRequest? {
        idempotency.map { idempotency in
            DoneRequest(
                scope: idempotency.key.scope(of: author),
                request: idempotency.key.request,
                sequence: sequence,
                time: time
            )
        }
    }
}
