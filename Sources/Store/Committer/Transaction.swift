import Foundation
package import Inventory

/// Changes that a client wants, all of them or none.
package struct Transaction: Sendable {
    /// Subject of the token that asks; nil where no token is needed.
    package var author: String?
    /// Why, where the client says so.
    package var reason: String?
    package var operations: [Operation]

    package init(author: String?, reason: String? = nil, _ operations: [Operation]) {
        self.author = author
        self.reason = reason
        self.operations = operations
    }

    /// One change, as the client sees it.
    package enum Operation: Sendable {
        case create(Submission)
        case replace(Kind.Reference, Submission)
        case delete(Kind, Kind.Reference)
        /// Makes a resource what it was at another time; nil for absent.
        case restore(ResourceID, StoredResource?)
    }
}

/// A document from a client that has passed its schema.
package struct Submission: Sendable {
    package var resource: any Resource
    /// The secrets that came with it, sealed, by JSON pointer. In `resource` an empty string stands for each.
    package var secrets: [String: SealedSecret]

    package init(resource: any Resource, secrets: [String: SealedSecret] = [:]) {
        self.resource = resource
        self.secrets = secrets
    }
}

/// A resource as a transaction left it.
package struct Outcome: Sendable {
    package var resource: ResourceID
    /// Nil after a deletion.
    package var stored: StoredResource?
    /// The number of the transaction; nil when it changed nothing.
    package var sequence: UInt64?
}
