package import Foundation
package import Inventory
package import Schema

/// What the inventory holds of one resource.
package struct StoredResource: Sendable, Equatable {
    /// The JSON document, exactly as it is served.
    package var document: [UInt8]
    /// Sequence number of the last change.
    package var version: UInt64
    package var secrets: SealedSecrets

    package init(document: [UInt8], version: UInt64, secrets: SealedSecrets = SealedSecrets()) {
        self.document = document
        self.version = version
        self.secrets = secrets
    }

    /// The document as a JSON tree.
    package var json: JSONValue {
        do {
            return try JSONValue(parsing: document)
        } catch {
            preconditionFailure("a stored document is not JSON: \(error)")
        }
    }
}

/// What a resource is found by, beside its identifier, and counted by.
package struct IndexEntry: Sendable, Equatable {
    /// Keys that no other resource of the kind has.
    package var keys: [UniqueKey] = []
    /// The other resource that it has a copy of.
    package var embedded: UUID?
    /// The rules of today that it breaks, as ``Document/brokenRules`` has them.
    package var brokenRules: [String] = []

    package init(keys: [UniqueKey] = [], embedded: UUID? = nil, brokenRules: [String] = []) {
        self.keys = keys
        self.embedded = embedded
        self.brokenRules = brokenRules
    }

    package init(of document: Document) {
        keys = document.keys
        embedded = document.embeddedIdentifier
        brokenRules = document.brokenRules
    }
}

/// The effect of a transaction on one resource.
package struct Change: Sendable {
    package var resource: ResourceID
    /// What is stored from now on; nil after a deletion.
    package var stored: StoredResource?
    /// How the resource was found until now; nil before its creation.
    package var indexBefore: IndexEntry?
    /// How the resource is found from now on; nil after a deletion.
    package var index: IndexEntry?

    package init(
        resource: ResourceID,
        stored: StoredResource?,
        indexBefore: IndexEntry?,
        index: IndexEntry?
    ) {
        self.resource = resource
        self.stored = stored
        self.indexBefore = indexBefore
        self.index = index
    }
}
