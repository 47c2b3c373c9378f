import Foundation
package import Inventory
package import Records
package import Schema

/// Where documents from clients come in: held to their schema, rid of their secrets, and read.
package struct Intake: Sendable {
    private let directory: Directory
    let sealer: SecretSealer
    package let limits: TransactionLimits
    private let validators: [Kind: SchemaValidator]

    package init(
        directory: Directory,
        sealer: SecretSealer,
        limits: TransactionLimits = .standard
    ) throws(JSONSchemaError) {
        self.directory = directory
        self.limits = limits
        self.sealer = sealer
        var validators: [Kind: SchemaValidator] = [:]
        for kind in Kind.allCases {
            validators[kind] = try SchemaValidator(kind.schema)
        }
        self.validators = validators
    }

    /// Reads a document.
    ///
    /// - Parameters:
    ///   - bytes: Its JSON.
    ///   - existing: What becomes of a resource that is there already, as which the document may then be read.
    /// - Throws: ``JSONParseError`` for what is not JSON, and a ``Refusal`` with every violation of the document.
    package func submission(
        of bytes: some Collection<UInt8>,
        _ kind: Kind,
        existing: Transaction.ExistingResource = .fail
    ) throws -> Submission {
        if let submission = try read(bytes, kind, .whole) { return submission }
        return try submission(of: JSONValue(parsing: bytes), kind, existing: existing)
    }

    private func submission(
        of json: JSONValue,
        _ kind: Kind,
        existing: Transaction.ExistingResource
    ) throws(Refusal) -> Submission {
        try submission(of: json, kind, replacing: existing == .fail ? nil : resource(kind, like: json)?.stored.json)
    }

    /// The resource that has the identifier or a unique key of a document, which may break its schema elsewhere.
    private func resource(_ kind: Kind, like document: JSONValue) -> (id: UUID, stored: StoredResource)? {
        for name in kind.referenceFields {
            guard case .string(let text)? = document[name] else { continue }
            if let found = directory.resource(kind, reference: kind.reference(text)) { return found }
        }
        return nil
    }

    /// Reads a document that is to replace the resource that a reference names now.
    ///
    /// - Throws: A problem with every violation of the document.
    package func submission(
        of json: JSONValue,
        _ kind: Kind,
        replacing reference: Kind.Reference
    ) throws(Refusal) -> Submission {
        try submission(of: json, kind, replacing: directory.resource(kind, reference: reference)?.stored.json)
    }

    /// Reads a document.
    ///
    /// - Parameter stored: What it replaces. A required field that is missing there may be missing in the document too, and
    ///   values that are the same there need not be as the schema of today has them, so that what was answered can be sent back.
    /// - Throws: A problem with every violation of the document.
    package func submission(
        of json: JSONValue,
        _ kind: Kind,
        replacing stored: @escaping @autoclosure () -> JSONValue? = nil
    ) throws(Refusal) -> Submission {
        guard let validator = validators[kind] else { preconditionFailure("every kind has a validator") }
        // Only what breaks the schema has it looked up.
        lazy var before = stored()
        var hasOldFaults = false
        let violations = validator.violations(of: json) { violation in
            guard let before else { return false }
            let pointer = violation.pointer
            let isOld =
                violation.keyword == "required"
                ? pointer.tokens.count == 1 && before[pointer] == nil
                : before[pointer] != nil && before[pointer] == json[pointer]
            if isOld { hasOldFaults = true }
            return isOld
        }
        if !violations.isEmpty {
            throw Self.refusal(kind, violations + missingEmbeddedFields(of: json, kind))
        }
        let normal: [UInt8]
        do {
            normal = try kind.resourceType.init(json: json).document
        } catch {
            let violation = SchemaViolation(pointer: error.pointer, message: error.message, keyword: "format")
            throw Self.refusal(kind, [violation])
        }
        guard let submission = try read(normal, kind, .stored, isOnlyReplacement: hasOldFaults) else {
            throw Refusal(.unavailable, "The \(kind.name) has no normal form; this is a fault of the server.")
        }
        return submission
    }

    /// Reads a document that a merge patch (RFC 7396) makes of a stored one.
    func submission(of stored: Document, patchedBy members: JSONObject) throws(Refusal) -> Submission {
        if let document = stored.patched(by: members) { return Submission(document: document) }
        let json = stored.json
        return try submission(of: json.merging(.object(members)), stored.kind, replacing: json)
    }

    /// Reads a document in one pass and seals its secrets.
    ///
    /// - Returns: Nil for what the validator must look at.
    private func read(
        _ bytes: some Collection<UInt8>,
        _ kind: Kind,
        _ completeness: StructureReader.Completeness,
        isOnlyReplacement: Bool = false
    ) throws(Refusal) -> Submission? {
        var secrets: [(pointer: String, value: String)] = []
        guard let document = Document(reading: bytes, kind, completeness, secrets: &secrets) else { return nil }
        var own: [(pointer: String, secret: SealedSecret)] = []
        var embedded = own
        let embedding = kind.embedding
        do throws(SecretError) {
            for (pointer, value) in secrets {
                let secret = try sealer.seal(value)
                if let embedding, embedding.owns(pointer) {
                    embedded.append((embedding.pointer(inCopy: pointer), secret))
                } else {
                    own.append((pointer, secret))
                }
            }
        } catch {
            throw Refusal(.unavailable, "The document's secrets cannot be sealed: \(error)")
        }
        return Submission(
            document: document,
            secrets: GivenSecrets(own),
            embedded: document.embedded,
            embeddedSecrets: GivenSecrets(embedded),
            isOnlyReplacement: isOnlyReplacement
        )
    }

    /// Whether two sealed secrets are one; those of a key that is not here are not.
    func isSame(_ left: SealedSecret, _ right: SealedSecret) -> Bool {
        if left == right { return true }
        do {
            return try sealer.open(left) == sealer.open(right)
        } catch {
            return false
        }
    }

    /// Reads the elements of an array, each as an operation that creates a resource or says what is wrong with it, until as
    /// much is wrong as is reported.
    ///
    /// - Parameter existing: What becomes of resources that are there already.
    /// - Throws: ``JSONParseError``; ``Refusal`` for more elements than a transaction may have.
    package func creations(
        of bytes: some Collection<UInt8>,
        _ kind: Kind,
        existing: Transaction.ExistingResource = .fail
    ) throws -> [Transaction.Operation] {
        var operations: [Transaction.Operation] = []
        var problemCount = 0
        _ = try JSONValue.parse(bytes) { json, text in
            guard operations.count < limits.changes else { throw limits.tooMany }
            do throws(Refusal) {
                if let submission = try read(text, kind, .whole) {
                    operations.append(.create(submission, existing: existing))
                } else {
                    let submission = try submission(of: json, kind, existing: existing)
                    operations.append(.create(submission, existing: existing))
                }
            } catch {
                problemCount += error.problems.count
                operations.append(Transaction.Operation(.refuse(error)))
            }
            return problemCount < Refusal.maximumProblems
        }
        return operations
    }

    /// What the copy of another resource in a malformed document lacks, if that one is new: a rule of the store, told with
    /// the schema's.
    private func missingEmbeddedFields(of document: JSONValue, _ kind: Kind) -> [SchemaViolation] {
        guard let embedding = kind.embedding, case .object(let members) = document,
            case .object(let copy)? = members[embedding.key]
        else { return [] }
        let isStored = resource(embedding.kind, like: .object(copy)) != nil
        return isStored ? [] : embedding.missingFields(in: copy)
    }

    private static func refusal(_ kind: Kind, _ violations: [SchemaViolation]) -> Refusal {
        let count = violations.count == 1 ? "1 mistake" : "\(violations.count) mistakes"
        return Refusal([
            Refusal.Problem(
                operation: 0,
                reason: .invalid,
                message: "The \(kind.name) has \(count).",
                violations: violations
            )
        ])
    }
}
