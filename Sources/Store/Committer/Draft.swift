import Foundation
import Inventory
import OrderedCollections
import Records
import Schema

extension [UInt8] {
    /// Whether JSON is another one with its members in another order, which says nothing new (RFC 8259, 4).
    fileprivate func isReordering(of other: [UInt8]) -> Bool {
        guard count == other.count, self != other else { return false }
        // Nearly all that differ do so in this.
        guard reduce(0, { $0 &+ Int($1) &* Int($1) }) == other.reduce(0, { $0 &+ Int($1) &* Int($1) }) else {
            return false
        }
        do {
            return try JSONValue(parsing: self) == JSONValue(parsing: other)
        } catch {
            preconditionFailure("a document is not JSON: \(error)")
        }
    }
}

/// A transaction being worked out: the inventory as it would be afterwards.
///
/// Operations are staged one after the other and each sees what those before it did; the rules that concern several
/// resources are checked by ``finish(version:)``, for the state after the whole. A draft decides and changes nothing.
struct Draft: ~Copyable {
    let overlay: DirectoryOverlay
    let author: String?
    let intake: Intake
    private let limits: TransactionLimits?
    /// Whether it makes the inventory what it was at another time, which may come to anything.
    private let goesBack: Bool
    /// What counts for ``TransactionLimits/size``, so far.
    private var size = 0
    // With room for a resource and one that it has a copy of; so few are searched without a table of hashes.
    private(set) var staged = OrderedDictionary<ResourceID, Staged>(minimumCapacity: 2)
    private(set) var claims = OrderedDictionary<Claim, Claimants>(minimumCapacity: 8)
    /// The document before the transaction that was read last.
    private var lastRead: (id: ResourceID, document: Document)?
    /// The operation that is being staged, from 0.
    var operation = 0
    /// Which operations are about the same resource.
    var meetings = Meetings()

    /// - Parameter goesBack: Whether the transaction makes the inventory what it was at another time.
    init(_ overlay: DirectoryOverlay, author: String?, intake: Intake, goesBack: Bool) {
        self.overlay = overlay
        self.author = author
        self.intake = intake
        limits = goesBack ? nil : intake.limits
        self.goesBack = goesBack
    }

    /// Counts what the transaction writes, or reads of its client.
    mutating func spend(_ bytes: Int) throws(Refusal) {
        size += bytes
        if let limits, size > limits.size {
            throw Refusal(limits.tooLarge.problems.map { $0.of(operation: operation) })
        }
    }

    /// Whether the transaction has come to more than it may, so that nothing more of it is to be worked out.
    var isTooLarge: Bool { limits.map { size > $0.size || staged.count > $0.changes } ?? false }

    /// A resource that the transaction touches.
    final class Staged {
        /// The operation that touched it last.
        var operation: Int
        /// As it will be; nil when it is deleted. What it repeats of others may be out of date until the draft is finished.
        var document: Document?
        var secrets: SealedSecrets
        /// As it is before the transaction.
        let before: StoredResource?
        let indexBefore: IndexEntry?
        /// As it is after the transaction, once the draft is finished.
        fileprivate(set) var after: StoredResource?

        init(
            operation: Int,
            document: Document?,
            secrets: SealedSecrets,
            before: StoredResource?,
            indexBefore: IndexEntry?
        ) {
            self.operation = operation
            self.document = document
            self.secrets = secrets
            self.before = before
            self.indexBefore = indexBefore
        }

        var hasOtherSecrets: Bool { secrets != before?.secrets ?? SealedSecrets() }

        /// The unique keys that it will have.
        var keys: [UniqueKey] { document?.keys ?? [] }
    }

    struct Claim: Hashable {
        var kind: Kind
        var key: UniqueKey
    }

    /// Puts a resource into the state, with the stored secret for each empty string that stands for one, and for each that is
    /// given again, since sealed once more it would look like another.
    ///
    /// Where none is stored there is nothing to stand for, and the field is left out.
    mutating func put(_ document: Document, given: GivenSecrets, as id: ResourceID) throws(Refusal) {
        let standing = document.standingSecrets
        // Most documents have none.
        let stored = standing.isEmpty ? SealedSecrets() : secrets(of: id)
        guard standing != given.pointers || !stored.isEmpty else {
            try put(document, sealed: given.sealed, as: id)
            return
        }
        var kept: [(pointer: String, secret: SealedSecret)] = []
        var dropped: [String] = []
        for pointer in standing {
            switch (given.sealed[pointer], stored[pointer]) {
            case (let new?, let old?): kept.append((pointer, intake.isSame(new, old) ? old : new))
            case (let secret?, nil), (nil, let secret?): kept.append((pointer, secret))
            case (nil, nil): dropped.append(pointer)
            }
        }
        try put(dropped.isEmpty ? document : document.without(dropped), sealed: SealedSecrets(kept), as: id)
    }

    // MARK: The state so far

    /// Whether a resource is there after the operations so far.
    func exists(_ id: ResourceID) -> Bool {
        if let staged = staged[id] { return staged.document != nil }
        return overlay.resource(id) != nil
    }

    /// The resource after the operations so far.
    mutating func current(_ id: ResourceID) -> Document? {
        if let staged = staged[id] { return staged.document }
        return overlay.resource(id).map { read($0, id) }
    }

    /// The document of a resource before the transaction, which is read once where it is asked for twice in a row.
    private mutating func read(_ stored: StoredResource, _ id: ResourceID) -> Document {
        if let lastRead, lastRead.id == id { return lastRead.document }
        let document = Document(stored: stored.document, id.kind)
        lastRead = (id, document)
        return document
    }

    /// The bytes of a document after the operations so far.
    func currentBytes(_ id: ResourceID) -> [UInt8]? {
        if let staged = staged[id] { return staged.document?.bytes }
        return overlay.resource(id)?.document
    }

    /// The sealed secrets of a resource after the operations so far.
    func secrets(of id: ResourceID) -> SealedSecrets {
        if let staged = staged[id] { return staged.secrets }
        return overlay.resource(id)?.secrets ?? SealedSecrets()
    }

    /// Who has a unique key after the operations so far.
    func holder(_ kind: Kind, of key: UniqueKey) -> UUID? {
        if let id = claims[Claim(kind: kind, key: key)]?.last { return id }
        return overlay.firstHolder(kind, of: key) { staged[ResourceID(kind, $0)] == nil }
    }

    /// The resource that a reference names after the operations so far.
    func existing(_ kind: Kind, _ reference: Kind.Reference) -> ResourceID? {
        if let id = reference.id.map({ ResourceID(kind, $0) }), exists(id) { return id }
        for key in reference.keys {
            if let id = holder(kind, of: key) { return ResourceID(kind, id) }
        }
        return nil
    }

    func noResource(_ kind: Kind) -> Refusal { refusal(.notFound, "There is no such \(kind.name).") }

    /// Finds a resource whose version, before the transaction, is as the client expects.
    func find(
        _ kind: Kind,
        _ reference: Kind.Reference,
        if conditions: [VersionCondition]
    ) throws(Refusal) -> ResourceID {
        guard let id = existing(kind, reference) else { throw noResource(kind) }
        guard !conditions.isEmpty else { return id }
        guard let version = overlay.resource(id)?.version else {
            throw refusal(.unexpected, "The \(kind.name) \(name(id)) is new in this transaction.")
        }
        guard !conditions.contains(.isAbsent) else {
            throw refusal(.unexpected, "The \(kind.name) \(name(id)) already exists, with the version \(version).")
        }
        guard conditions.allSatisfy({ $0.holds(for: version) }) else {
            throw refusal(
                .unexpected,
                "The \(kind.name) \(name(id)) is not as expected: its version is \(version)."
            )
        }
        return id
    }

    /// Puts a resource, or its absence, into the state, with all of its secrets.
    mutating func put(
        _ document: Document?,
        sealed secrets: SealedSecrets,
        as id: ResourceID
    ) throws(Refusal) {
        try spend(document?.bytes.count ?? 0)
        // Whatever is written from now on needs no older key.
        let secrets = intake.sealer.resealed(secrets)
        if let entry = staged[id] {
            for key in entry.keys { claims[Claim(kind: id.kind, key: key)]?.remove(id.id) }
            entry.operation = operation
            entry.document = document
            entry.secrets = secrets
        } else {
            let before = overlay.resource(id)
            staged[id] = Staged(
                operation: operation,
                document: document,
                secrets: secrets,
                before: before,
                indexBefore: before.map { IndexEntry(of: read($0, id)) }
            )
            if let limits, staged.count > limits.changes { throw limits.tooMany }
        }
        for key in document?.keys ?? [] {
            claims[Claim(kind: id.kind, key: key), default: Claimants()].add(id.id)
        }
    }

    // MARK: Finishing

    /// The changes that the transaction comes to, without those that change nothing.
    ///
    /// - Parameter version: The sequence number that the changed resources get.
    /// - Throws: Every conflict that the state after the whole would have.
    mutating func finish(version: UInt64) throws(Refusal) -> [Change] {
        try followUp()
        var problems: [Refusal.Problem] = []
        if !goesBack {
            problems = takenKeys()
            for rules in Kind.allRules { problems += rules.problems(in: self) }
        }
        let changes = staged.compactMap { id, staged -> Change? in
            let document = staged.document?.bytes
            if document == staged.before?.document, !staged.hasOtherSecrets, !hasOtherSecrets(of: staged.document) {
                staged.after = staged.before
                return nil
            }
            if let document, document.count + staged.secrets.size > JournalRecord.maximumDocumentSize {
                let limit = JournalRecord.maximumDocumentSize >> 20
                problems.append(
                    Refusal.Problem(
                        operation: staged.operation,
                        reason: .tooLarge,
                        message: "The \(name(id)) is larger than \(limit) MiB."
                    )
                )
            }
            staged.after = document.map { StoredResource(document: $0, version: version, secrets: staged.secrets) }
            return Change(
                resource: id,
                stored: staged.after,
                indexBefore: staged.indexBefore,
                index: staged.document.map { IndexEntry(of: $0) }
            )
        }
        if !problems.isEmpty { throw Refusal(problems) }
        return changes
    }

    /// Whether the resource that a document has a copy of gets other secrets, which no copy shows.
    func hasOtherSecrets(of document: Document?) -> Bool {
        guard let document, let id = document.embeddedIdentifier, let embedding = document.kind.embedding else {
            return false
        }
        return staged[ResourceID(embedding.kind, id)]?.hasOtherSecrets ?? false
    }

    /// Has the rules stage what follows, and brings up to date what documents repeat of others.
    private mutating func followUp() throws(Refusal) {
        if !goesBack { for rules in Kind.allRules { try rules.settle(in: &self) } }
        for rules in Kind.allRules { try rules.finish(in: &self) }
        for (id, entry) in staged {
            guard let before = entry.before?.document, let document = entry.document?.bytes,
                document.isReordering(of: before)
            else { continue }
            entry.document = Document(stored: before, id.kind)
        }
        for (id, entry) in staged {
            guard let rules = id.kind.rules, var document = entry.document.take() else { continue }
            operation = entry.operation
            let before = document.bytes.count
            rules.refresh(&document, in: self)
            entry.document = document
            try spend(max(0, document.bytes.count - before))
        }
    }

    /// A resource as a message names it: what people call it, and its id.
    func name(_ id: ResourceID) -> String {
        let name = currentBytes(id).flatMap { id.kind.commonName(of: Document(stored: $0, id.kind).json) }.map {
            String($0.prefix(100))
        }
        return [name, id.id.lowercased].compactMap(\.self).joined(separator: " ")
    }
}
