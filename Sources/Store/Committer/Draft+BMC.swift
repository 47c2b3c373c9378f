import Foundation
import Inventory
import Records
import Schema

extension Draft {
    /// Finds or makes the BMC of a node.
    ///
    /// - Parameters:
    ///   - submission: The node as the client sent it.
    ///   - whole: A BMC of which the node has all that there is to be: fields that it does not have are to go.
    /// - Returns: The BMC's id; nil for a node that has neither a BMC nor an xname to derive one from.
    mutating func bmc(of submission: Submission, whole: UUID?) throws(Refusal) -> UUID? {
        let secrets = submission.bmcSecrets
        let derived = submission.document.nodeXName?.bmcXName
        guard var given = submission.bmc ?? submission.document.bmc else {
            guard let derived else { return nil }
            let new = Document(stored: BMC(xname: derived).document, .bmc)
            if let holder = holder(.bmc, of: Self.key(derived)) { return holder }
            return try putNew(new, secrets: GivenSecrets())
        }
        let match = try match(given)
        let stored = match.flatMap { current(ResourceID(.bmc, $0)) }
        if given.bmcXName == nil, let derived, stored?.bmcXName == nil, holder(.bmc, of: Self.key(derived)) == nil {
            given.bmcXName = derived.description
        }
        guard let match, let stored else {
            let missing = given.missingBMCFields
            if !missing.isEmpty {
                throw refusal(.invalid, "A BMC that is not stored yet needs more fields.", violations: missing)
            }
            return try putNew(given, secrets: secrets)
        }
        let merged = match == whole ? try replacement(of: stored, given) : stored.overwritten(by: given)
        if merged.bytes != stored.bytes || !secrets.isEmpty {
            try put(merged, given: secrets, as: ResourceID(.bmc, match))
        }
        return match
    }

    /// Puts a BMC into the node that has it, as it is after the operations so far; of one that is gone only the id.
    func embed(_ bmc: UUID?, in node: inout Document) {
        if let bmc, let bytes = currentBytes(ResourceID(.bmc, bmc)) {
            node.embed(bmc: bmc, bytes)
        } else {
            node.refer(toBMC: bmc)
        }
    }

    /// The stored BMC that a client means.
    private func match(_ given: Document) throws(Refusal) -> UUID? {
        var found: [(key: String, id: UUID)] = []
        if let id = given.identifier, exists(ResourceID(.bmc, id)) { found.append(("id", id)) }
        for key in given.keys {
            if let id = holder(.bmc, of: key) { found.append((key.name, id)) }
        }
        guard let first = found.first else { return nil }
        if let other = found.first(where: { $0.id != first.id }) {
            throw refusal(
                .conflict,
                "The \(first.key) of the node's BMC is that of the BMC \(first.id.lowercased), "
                    + "its \(other.key) that of \(other.id.lowercased).",
                holder: ResourceID(.bmc, other.id)
            )
        }
        if let id = given.identifier, id != first.id {
            throw refusal(
                .conflict,
                "The \(first.key) of the node's BMC is that of the BMC \(first.id.lowercased), "
                    + "which is not the id given, \(id.lowercased).",
                holder: ResourceID(.bmc, first.id)
            )
        }
        return first.id
    }

    /// What a BMC becomes when fields that it does not have any more are to go.
    private func replacement(of stored: Document, _ given: Document) throws(Refusal) -> Document {
        let known = stored.missingBMCFields.map(\.pointer)
        let missing = given.missingBMCFields.filter { !known.contains($0.pointer) }
        guard missing.isEmpty else {
            throw refusal(
                .invalid,
                "The BMC cannot do without these fields.",
                violations: missing.map {
                    SchemaViolation(pointer: $0.pointer, message: "is required", keyword: "required")
                }
            )
        }
        var replacement = given
        replacement.identifier = stored.identifier
        return replacement
    }

    private mutating func putNew(_ bmc: Document, secrets: GivenSecrets) throws(Refusal) -> UUID {
        let given = bmc.identifier
        let id = given ?? .version7()
        var bmc = bmc
        if given == nil { bmc.identifier = id }
        try put(bmc, given: secrets, as: ResourceID(.bmc, id))
        return id
    }

    private static func key(_ xname: BMCXName) -> UniqueKey {
        UniqueKey(name: "xname", .number(xname.number))
    }
}
