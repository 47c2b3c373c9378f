import Foundation
import Inventory
import Schema

extension Draft {
    /// Finds or makes the BMC of a node.
    ///
    /// - Parameters:
    ///   - node: The node as the client sent it.
    ///   - secrets: Secrets that came with its BMC, by pointers from the BMC.
    ///   - whole: A BMC of which the node has all that there is to be: fields that it does not have are to go.
    /// - Returns: The BMC's id; nil for a node that has neither a BMC nor an xname to derive one from.
    mutating func bmc(
        of node: ComputeNode,
        secrets: [String: SealedSecret],
        whole: UUID?
    ) throws(Refusal) -> UUID? {
        let derived = node.xname?.bmcXName
        guard var given = node.bmc else {
            guard let derived else { return nil }
            return holder(.bmc, of: Self.key(derived)) ?? putNew(BMC(xname: derived), secrets: [:])
        }
        let match = try match(given)
        if given.xname == nil, let derived, match.map({ stored($0)?.xname == nil }) ?? true,
            holder(.bmc, of: Self.key(derived)) == nil
        {
            given.xname = derived
        }
        guard let match else {
            let missing = given.missingFields
            if !missing.isEmpty {
                throw refusal(.invalid, "A BMC that is not stored yet needs more fields.", violations: missing)
            }
            return putNew(given, secrets: secrets)
        }
        let id = ResourceID(.bmc, match)
        guard let stored = stored(match) else { return match }
        let merged = match == whole ? try replacement(of: stored, given) : stored.overwritten(by: given)
        if merged.document != stored.document || !secrets.isEmpty {
            put(merged, given: secrets, as: id)
        }
        return match
    }

    /// The stored BMC that a client means.
    private func match(_ given: BMC) throws(Refusal) -> UUID? {
        var found: [(key: String, id: UUID)] = []
        if let id = given.id, exists(ResourceID(.bmc, id)) { found.append(("id", id)) }
        for key in given.uniqueKeys {
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
        if let id = given.id, id != first.id {
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
    private func replacement(of stored: BMC, _ given: BMC) throws(Refusal) -> BMC {
        let known = stored.missingFields.map(\.pointer)
        let missing = given.missingFields.filter { !known.contains($0.pointer) }
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
        replacement.id = stored.id
        return replacement
    }

    private mutating func putNew(_ bmc: BMC, secrets: [String: SealedSecret]) -> UUID {
        let id = bmc.id ?? .version7()
        var bmc = bmc
        bmc.id = id
        put(bmc, given: secrets, as: ResourceID(.bmc, id))
        return id
    }

    private func stored(_ id: UUID) -> BMC? {
        current(ResourceID(.bmc, id)) as? BMC
    }

    private static func key(_ xname: BMCXName) -> UniqueKey {
        UniqueKey(name: "xname", value: xname.description)
    }
}
