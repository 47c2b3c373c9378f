import Foundation
import Inventory
import OrderedCollections
import Records
import Schema

/// What a draft makes of each operation.
extension Draft {
    /// Stages one operation.
    ///
    /// - Returns: The resource that the operation was about.
    mutating func stage(_ operation: Transaction.Operation, index: Int) throws(Refusal) -> ResourceID {
        self.operation = index
        switch operation.action {
        case .create(let submission, let existing):
            return try existing == .fail ? create(submission) : create(submission, or: existing)
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
        case .reseal(let id):
            if let document = current(id) { try put(document, sealed: secrets(of: id), as: id) }
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
                    "The \(found.key.name) \(found.key.value) belongs to the \(kind.name) \(name(found.id)), but the "
                        + "\(key.name) \(key.value) to \(name(id)).",
                    holder: id
                )
            }
            found = (key, id)
        }
        if let given = document.identifier, let found {
            throw refusal(
                .conflict,
                "The document's id, \(given.lowercased), is not that of the \(kind.name) \(name(found.id)), which has its "
                    + "\(found.key.name).",
                holder: found.id
            )
        }
        return found?.id
    }

    /// Creates a resource, or does with the one that is there what is to be done.
    private mutating func create(
        _ submission: Submission,
        or existing: Transaction.ExistingResource
    ) throws(Refusal) -> ResourceID {
        guard let id = try holder(of: submission.document) else {
            guard !submission.isOnlyReplacement else { throw noResource(submission.document.kind) }
            let id = try create(submission)
            meetings.firsts[id] = operation
            return id
        }
        guard existing != .skip else {
            meetings.changes[operation] = .same
            return id
        }
        let before = try beginMeeting(id)
        if existing == .patch { try overwrite(id, with: submission) } else { try replace(id, with: submission) }
        if let before { meetings.changes[operation] = state(id) == before ? .same : .changed }
        return id
    }

    /// - Parameter id: The identifier of a document that has none; nil for a new one.
    private mutating func create(_ submission: Submission, id wanted: UUID? = nil) throws(Refusal) -> ResourceID {
        var document = submission.document
        let given = document.identifier ?? wanted
        let id = ResourceID(document.kind, given ?? .version7())
        if given != nil, exists(id) {
            throw refusal(
                .conflict,
                "There already is a \(id.kind.name) with the id \(id.id.lowercased).",
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
                "The new \(kind.name) would not be found at this path: its document must have what the path names, which is "
                    + "one of its \(names)."
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
}
