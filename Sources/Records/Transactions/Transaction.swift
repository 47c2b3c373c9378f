import Foundation
package import Inventory
package import Scheduling

/// Changes that a client wants, all of them or none.
package struct Transaction: Sendable {
    /// Subject of the token that asks; nil where no token is needed.
    package var author: String?
    /// The request that asks; nil where there is none.
    package var origin: Origin?
    /// Why, where the client says so.
    package var reason: String?
    /// What the client calls the request, so that it is done once.
    package var idempotencyKey: IdempotencyKey?
    /// Whether it is only worked out, and nothing is changed.
    package var isDryRun: Bool
    /// The operations, or what says them.
    package var content: Content

    /// What is to be done.
    package enum Content: Sendable {
        case operations([Operation])
        /// Says what the operations are when the transaction's turn has come, and nothing else is written: from memory, and
        /// at once.
        case decision(Decision)
    }

    /// Says what is to be done, from memory and at once.
    package typealias Decision = @Sendable () -> [Operation]

    package init(
        author: String?,
        origin: Origin? = nil,
        reason: String? = nil,
        idempotencyKey: IdempotencyKey? = nil,
        isDryRun: Bool = false,
        _ operations: [Operation]
    ) {
        self.init(
            author: author,
            origin: origin,
            reason: reason,
            idempotencyKey: idempotencyKey,
            isDryRun: isDryRun,
            content: .operations(operations)
        )
    }

    package init(
        author: String?,
        origin: Origin? = nil,
        reason: String? = nil,
        idempotencyKey: IdempotencyKey? = nil,
        isDryRun: Bool = false,
        content: Content
    ) {
        self.author = author
        self.origin = origin
        self.reason = reason
        self.idempotencyKey = idempotencyKey
        self.isDryRun = isDryRun
        self.content = content
    }

    /// One change, as the client sees it.
    package struct Operation: Sendable {
        package var action: Action
        /// What the resource must be like before the transaction for it to be changed.
        package var conditions: [VersionCondition]

        package init(_ action: Action, if conditions: [VersionCondition] = []) {
            self.action = action
            self.conditions = conditions
        }

        package static func create(_ submission: Submission, existing: ExistingResource = .fail) -> Operation {
            Operation(.create(submission, existing: existing))
        }
    }

    /// What becomes of a resource that is there already when a document for it comes, with its identifier or else one of its
    /// unique keys.
    package enum ExistingResource: String, Sendable, CaseIterable {
        /// It is a conflict.
        case fail
        /// It stays as it is.
        case skip
        /// The members of the document overwrite its own, as a merge patch (RFC 7396) does.
        case patch
        /// The document takes its place.
        case replace
    }

    /// What is done with one resource.
    package enum Action: Sendable {
        /// Creates a resource, unless there is one when the transaction's turn has come.
        case create(Submission, existing: ExistingResource = .fail)
        /// Replaces a resource; on the condition that there is none it creates one that is found by the reference.
        case replace(Kind.Reference, Submission)
        /// Changes members of the document by a merge patch (RFC 7396).
        case patch(Kind, Kind.Reference, MergePatch)
        case delete(Kind, Kind.Reference)
        /// Makes a resource what it was at another time; nil for absent.
        case restore(ResourceID, StoredResource?)
        /// Has the key that seals now seal a resource's secrets; nothing where there is none any more.
        case reseal(ResourceID)
        /// What a client sent cannot be done; the others are looked at all the same, to tell all that is wrong.
        case refuse(Refusal)
    }
}

/// What must be true of a resource's version for it to be changed or answered (RFC 9110, section 13.1).
package enum VersionCondition: Sendable, Equatable {
    /// The version is one of these.
    case isAny(of: [UInt64])
    /// There is such a resource, whatever its version.
    case isPresent
    /// The version is none of these.
    case isNone(of: [UInt64])
    /// There is no such resource.
    case isAbsent

    /// Whether it is true of a version; nil where there is no such resource.
    package func holds(for version: UInt64?) -> Bool {
        switch self {
        case .isAny(let versions): version.map(versions.contains) ?? false
        case .isPresent: version != nil
        case .isNone(let versions): version.map { !versions.contains($0) } ?? true
        case .isAbsent: version == nil
        }
    }
}

/// What became of a transaction.
package struct Receipt: Sendable {
    /// The number of the transaction before.
    package var previous: UInt64
    /// The number of the transaction; that of the one before where it has changed nothing.
    package var sequence: UInt64
    /// What became of each operation's resource, in their order.
    package var outcomes: [Outcome]

    package init(previous: UInt64, sequence: UInt64, outcomes: [Outcome]) {
        self.previous = previous
        self.sequence = sequence
        self.outcomes = outcomes
    }
}

extension Receipt {
    /// How many resources were changed.
    package var changeCount: Int { outcomes.count(where: \.isChange) }
}

/// A resource as a transaction left it.
package struct Outcome: Sendable {
    package var resource: ResourceID
    /// As it was before; nil where it was not there.
    package var before: StoredResource?
    /// Nil after a deletion.
    package var stored: StoredResource?
    /// What the operation did; of several on one resource each its own.
    package var change: Change

    /// What an operation did with a resource.
    package enum Change: String, Sendable {
        case created, changed, same
    }

    /// - Parameter change: What the operation did; nil for what the whole transaction did.
    package init(
        resource: ResourceID,
        before: StoredResource? = nil,
        stored: StoredResource? = nil,
        change: Change? = nil
    ) {
        self.resource = resource
        self.before = before
        self.stored = stored
        self.change = change ?? (before == nil ? .created : before != stored ? .changed : .same)
    }

    /// Whether the transaction changed it.
    package var isChange: Bool { before != stored }
}
