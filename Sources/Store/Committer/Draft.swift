import Foundation
import Inventory
import OrderedCollections
import Records
import Schema

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

    /// - Parameter goesBack: Whether the transaction makes the inventory what it was at another time.
    init(_ overlay: DirectoryOverlay, author: String?, intake: Intake, goesBack: Bool) {
        self.overlay = overlay
        self.author = author
        self.intake = intake
        limits = goesBack ? nil : intake.limits
        self.goesBack = goesBack
    }

    /// Counts what the transaction writes, or reads of its client.
    private mutating func spend(_ bytes: Int) throws(Refusal) {
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

    /// Stages one operation.
    ///
    /// - Returns: The resource that the operation was about.
    mutating func stage(_ operation: Transaction.Operation, index: Int) throws(Refusal) -> ResourceID {
        self.operation = index
        switch operation.action {
        case .create(let submission, let existing):
            guard existing != .fail, let id = try holder(of: submission.document) else { return try create(submission) }
            switch existing {
            case .fail, .skip: break
            case .patch: try overwrite(id, with: submission)
            case .replace: try replace(id, with: submission)
            }
            return id
        case .replace(let reference, let submission):
            let kind = submission.document.kind
            if operation.conditions.contains(.isAbsent), existing(kind, reference) == nil {
                return try create(submission, foundBy: reference, if: operation.conditions)
            }
            let id = try find(kind, reference, if: operation.conditions)
            try replace(id, with: submission)
            return id
        case .patch(let kind, let reference, let patch):
            let id = try find(kind, reference, if: operation.conditions)
            try spend(patch.size)
            try change(id, by: patch.json)
            return id
        case .delete(let kind, let reference):
            let id = try find(kind, reference, if: operation.conditions)
            try delete(id)
            return id
        case .refuse(let refusal):
            throw Refusal(refusal.problems.map { $0.of(operation: index) })
        case .restore(let id, let stored):
            let document = stored.map { Document(stored: $0.document, id.kind) }
            try put(document, sealed: stored?.secrets ?? SealedSecrets(), as: id)
            return id
        }
    }

    /// The resource that has a document's identifier, or its unique keys.
    private func holder(of document: Document) throws(Refusal) -> ResourceID? {
        let kind = document.kind
        if let id = document.identifier.map({ ResourceID(kind, $0) }), exists(id) { return id }
        var found: (key: UniqueKey, id: ResourceID)?
        for key in document.keys where kind.hasUniqueKey(key.name) {
            guard let id = holder(kind, of: key).map({ ResourceID(kind, $0) }) else { continue }
            if let found, found.id != id {
                throw refusal(
                    .conflict,
                    "The \(found.key.name) \(found.key.value) is that of the \(kind.name) \(name(found.id)), the "
                        + "\(key.name) \(key.value) that of \(name(id)).",
                    holder: id
                )
            }
            found = (key, id)
        }
        return found?.id
    }

    /// - Parameter id: The identifier of a document that has none; nil for a new one.
    private mutating func create(_ submission: Submission, id wanted: UUID? = nil) throws(Refusal) -> ResourceID {
        var document = submission.document
        let given = document.identifier ?? wanted
        let id = ResourceID(document.kind, given ?? .version7())
        if given != nil, exists(id) {
            throw refusal(
                .conflict,
                "There is a \(id.kind.name) with the id \(id.id.lowercased) already.",
                holder: id
            )
        }
        document.identifier = id.id
        document.creatorSubject = author
        try accept(document, of: submission, as: id)
        return id
    }

    /// Creates a resource that a reference names then.
    private mutating func create(
        _ submission: Submission,
        foundBy reference: Kind.Reference,
        if conditions: [VersionCondition]
    ) throws(Refusal) -> ResourceID {
        let kind = submission.document.kind
        guard conditions.allSatisfy({ $0.holds(for: nil) }) else { throw noResource(kind) }
        if let id = reference.id {
            guard submission.document.identifier ?? id == id else {
                throw refusal(.invalid, "The document has another id than that of the path, \(id.lowercased).")
            }
        } else if !reference.keys.contains(where: submission.document.keys.contains) {
            let names = kind.referenceFields.joined(separator: ", ")
            throw refusal(
                .invalid,
                "The document does not have what the path names, so the new \(kind.name) would not be there: the path has "
                    + "one of \(names)."
            )
        }
        return try create(submission, id: reference.id)
    }

    private mutating func replace(
        _ id: ResourceID,
        with submission: Submission,
        patch: JSONObject? = nil
    ) throws(Refusal) {
        var document = submission.document
        if let given = document.identifier, given != id.id {
            throw refusal(
                .invalid,
                "The document's id, \(given.lowercased), is not that of the resource, \(id.id.lowercased)."
            )
        }
        document.identifier = id.id
        if id.kind.resourceType.creatorKey != nil { document.creatorSubject = current(id)?.creatorSubject }
        try accept(document, of: submission, as: id, patch: patch)
    }

    /// Changes members of a document.
    private mutating func change(_ id: ResourceID, by patch: JSONValue) throws(Refusal) {
        guard case .object(let members) = patch else {
            throw refusal(.invalid, "A merge patch of a \(id.kind.name) is an object of the members to change.")
        }
        try replace(id, with: submission(of: id, patchedBy: members), patch: members)
    }

    /// Changes the members of a document that another one has.
    private mutating func overwrite(_ id: ResourceID, with given: Submission) throws(Refusal) {
        guard case .object(var members) = given.document.json else { return }
        // It may have been found by its unique keys.
        members[id.kind.identifierKey] = nil
        let merged = try submission(of: id, patchedBy: members)
        let submission = Submission(
            document: merged.document,
            secrets: given.secrets,
            embedded: merged.embedded,
            embeddedSecrets: given.embeddedSecrets
        )
        try replace(id, with: submission, patch: members)
    }

    /// What a merge patch makes of a resource.
    private mutating func submission(
        of id: ResourceID,
        patchedBy members: JSONObject
    ) throws(Refusal) -> Submission {
        guard var document = current(id) else { preconditionFailure("a resource that was found is there") }
        if !staged.isEmpty { id.kind.rules?.refresh(&document, in: self) }
        do throws(Refusal) {
            return try intake.submission(of: document, patchedBy: members)
        } catch {
            throw Refusal(
                error.problems.map { problem in
                    var problem = problem.of(operation: operation)
                    problem.message = "\(name(id)) cannot be changed so: \(problem.message)"
                    return problem
                }
            )
        }
    }

    /// Puts a client's document into the state, with the secrets that came with it.
    ///
    /// - Parameters:
    ///   - document: That of the submission with what is not for the client to say.
    ///   - patch: The members that the client changes; nil where it gives the whole document.
    private mutating func accept(
        _ document: Document,
        of submission: Submission,
        as id: ResourceID,
        patch: JSONObject? = nil
    ) throws(Refusal) {
        var document = document
        try id.kind.rules?.accept(&document, Acceptance(id, submission, patch: patch), in: &self)
        try put(document, given: submission.secrets, as: id)
    }

    /// Puts a resource into the state, with the stored secret for each empty string that stands for one, and for each that is
    /// given again, since sealed once more it would look like another.
    ///
    /// Where none is stored there is nothing to stand for, and the field is left out.
    mutating func put(_ document: Document, given: GivenSecrets, as id: ResourceID) throws(Refusal) {
        let standing = document.standingSecrets
        let stored = secrets(of: id)
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
        guard let id = overlay.holder(kind, of: key), staged[ResourceID(kind, id)] == nil else { return nil }
        return id
    }

    /// The resource that a reference names after the operations so far.
    private func existing(_ kind: Kind, _ reference: Kind.Reference) -> ResourceID? {
        if let id = reference.id.map({ ResourceID(kind, $0) }), exists(id) { return id }
        for key in reference.keys {
            if let id = holder(kind, of: key) { return ResourceID(kind, id) }
        }
        return nil
    }

    private func noResource(_ kind: Kind) -> Refusal { refusal(.notFound, "There is no such \(kind.name).") }

    /// Finds a resource whose version, before the transaction, is as the client expects.
    private func find(
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
            throw refusal(.unexpected, "The \(kind.name) \(name(id)) is there already: its version is \(version).")
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
        var problems = takenKeys()
        if !goesBack { for rules in Kind.allRules { problems += rules.problems(in: self) } }
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
    private func hasOtherSecrets(of document: Document?) -> Bool {
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
