package import Foundation
package import Schema

/// The rules of a kind that no schema says, since they concern several resources.
///
/// Rules look up, stage and report while a transaction is worked out, and do no I/O. ``accept(_:_:in:)`` and
/// ``refresh(_:in:)`` concern documents of the kind; ``settle(in:)``, ``finish(in:)`` and ``problems(in:)`` are asked about
/// every transaction, whatever it touches. One that goes back is neither settled nor asked for problems, since what was there
/// was right then.
package protocol ResourceRules: Sendable {
    /// Looks at a document that is about to be staged: what else is to be staged for it, and what it gets from others.
    func accept(
        _ document: inout Document,
        _ acceptance: Acceptance,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal)

    /// Brings up to date what a document repeats of other resources.
    func refresh(_ document: inout Document, in view: borrowing some InventoryView & ~Copyable)

    /// Brings resources of several kinds into agreement, once the operations are staged.
    func settle(in view: inout some InventoryView & ~Copyable) throws(Refusal)

    /// Stages what follows from a transaction, once it is settled. What is staged then is refreshed after.
    func finish(in view: inout some InventoryView & ~Copyable) throws(Refusal)

    /// What is called, in the log and in metrics, that a resource and its copy of another one disagree, since they were stored
    /// before there was a rule for it; nil in a kind without such a rule.
    var laterRule: String? { get }

    /// Whether a stored resource and its copy of another one break the ``laterRule``.
    ///
    /// - Parameters:
    ///   - keys: The resource's unique keys.
    ///   - place: The copy's xname in normal form; nil where it has none.
    func breaksLaterRule(_ keys: [UniqueKey], copyAt place: UnsafeBufferPointer<UInt8>?) -> Bool

    /// What is wrong with the state after the whole transaction, beside unique keys that two resources would have.
    ///
    /// What is deleted is ``InventoryView/touched(_:)`` without a document; ``InventoryView/before(_:)`` says what it was.
    func problems(in view: borrowing some InventoryView & ~Copyable) -> [Refusal.Problem]
}

extension ResourceRules {
    package func accept(
        _ document: inout Document,
        _ acceptance: Acceptance,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal) {}

    package func refresh(_ document: inout Document, in view: borrowing some InventoryView & ~Copyable) {}

    package func settle(in view: inout some InventoryView & ~Copyable) throws(Refusal) {}

    package func finish(in view: inout some InventoryView & ~Copyable) throws(Refusal) {}

    package var laterRule: String? { nil }

    package func breaksLaterRule(_ keys: [UniqueKey], copyAt place: UnsafeBufferPointer<UInt8>?) -> Bool { false }

    package func problems(in view: borrowing some InventoryView & ~Copyable) -> [Refusal.Problem] { [] }
}

extension Kind {
    /// The rules of the kind that concern several resources.
    package var rules: (any ResourceRules)? { Self.rules[number] }

    private static let rules = allCases.map { $0.resourceType.rules }

    /// The rules of all kinds that have any.
    package static let allRules = rules.compactMap(\.self)
}

/// Where a document that is accepted comes from.
package struct Acceptance {
    package let resource: ResourceID
    package let submission: Submission
    /// The members that the client changes; nil where it gives the whole document.
    package let patch: JSONObject?

    package init(_ resource: ResourceID, _ submission: Submission, patch: JSONObject?) {
        self.resource = resource
        self.submission = submission
        self.patch = patch
    }
}

/// The inventory as a transaction leaves it, while that is being worked out.
package protocol InventoryView: ~Copyable {
    // MARK: Looking up

    /// Whether a resource is there after the operations so far.
    func exists(_ id: ResourceID) -> Bool

    /// A resource after the operations so far.
    mutating func current(_ id: ResourceID) -> Document?

    /// The bytes of a document after the operations so far.
    func currentBytes(_ id: ResourceID) -> [UInt8]?

    /// Who has a unique key after the operations so far.
    func holder(_ kind: Kind, of key: UniqueKey) -> UUID?

    /// Another resource that has, after the operations so far, a unique key that a staged one has.
    func rival(of id: ResourceID, for key: UniqueKey) -> UUID?

    /// The resources that have a copy of one before the transaction, in the order of their identifiers.
    func embedders(of id: ResourceID) -> [ResourceID]

    /// The resources of a kind that the transaction touches so far, in the order in which it came to them.
    func touched(_ kind: Kind) -> [TouchedResource]

    /// A resource before the transaction.
    func before(_ id: ResourceID) -> Document?

    // MARK: Staging

    /// Stages a resource, with the stored secret for each empty string that stands for one.
    mutating func put(_ document: Document, given: GivenSecrets, as id: ResourceID) throws(Refusal)

    /// Stages that a resource is gone.
    mutating func delete(_ id: ResourceID) throws(Refusal)

    /// Stages a resource as it is, since another one has changed; nothing where it is staged already.
    mutating func touch(_ id: ResourceID, since cause: TouchedResource) throws(Refusal)

    // MARK: Reporting

    /// The operation that is being staged, from 0.
    var operation: Int { get set }

    /// The operation that touched a resource last.
    func operation(of id: ResourceID) -> Int?

    /// A resource as a message names it: what people call it, and its id.
    func name(_ id: ResourceID) -> String
}

/// A resource that a transaction touches.
package struct TouchedResource {
    package let resource: ResourceID
    /// Whether it was there before the transaction.
    package let wasThere: Bool
    /// The unique keys that it had before the transaction.
    package let keysBefore: [UniqueKey]
    /// The other resource that it had a copy of before the transaction.
    package let embeddedBefore: UUID?
    /// As it is after the operations so far; nil when it is deleted.
    package let document: Document?
    /// The operation that touched it last.
    package let operation: Int

    package init(
        _ resource: ResourceID,
        wasThere: Bool,
        keysBefore: [UniqueKey],
        embeddedBefore: UUID?,
        document: Document?,
        operation: Int
    ) {
        self.resource = resource
        self.wasThere = wasThere
        self.keysBefore = keysBefore
        self.embeddedBefore = embeddedBefore
        self.document = document
        self.operation = operation
    }
}

extension InventoryView where Self: ~Copyable {
    /// Refuses the operation that is being staged.
    package func refusal(
        _ reason: Refusal.Reason,
        _ message: String,
        violations: [SchemaViolation] = [],
        holder: ResourceID? = nil
    ) -> Refusal {
        Refusal([
            Refusal.Problem(
                operation: operation,
                reason: reason,
                message: message,
                violations: violations,
                holder: holder
            )
        ])
    }
}
