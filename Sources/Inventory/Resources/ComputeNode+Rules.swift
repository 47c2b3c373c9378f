import Foundation
import Schema

/// A node's BMC is found by what the node says of it, or made; the node has a copy of it.
struct ComputeNodeRules: ResourceRules {
    private static let embedding: Embedding = {
        guard let embedding = ComputeNode.kind.embedding else { preconditionFailure("nodes embed their BMCs") }
        return embedding
    }()
    private static let bmcXName = BMC.number(of: "xname")

    private var embedding: Embedding { Self.embedding }

    private static func bmc(_ id: UUID) -> ResourceID { ResourceID(BMC.kind, id) }

    func accept(
        _ node: inout Document,
        _ acceptance: Acceptance,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal) {
        var whole: UUID?
        if let patch = acceptance.patch {
            // Where nothing is said of the BMC, it stays in the document.
            guard patch[embedding.key] != nil || patch["xname"] != nil else { return }
            if patch[embedding.key] != nil { whole = view.current(acceptance.resource)?.embeddedIdentifier }
        }
        guard let id = try bmc(of: acceptance.submission, whole: whole, in: &view) else { return node.refer(to: nil) }
        embed(id, in: &node, view)
    }

    func refresh(_ node: inout Document, in view: borrowing some InventoryView & ~Copyable) {
        if let id = node.embeddedIdentifier { embed(id, in: &node, view) }
    }

    private func embed(_ id: UUID, in node: inout Document, _ view: borrowing some InventoryView & ~Copyable) {
        if let bmc = view.currentBytes(Self.bmc(id)) { node.embed(id, bmc) } else { node.refer(to: id) }
    }

    func finish(in view: inout some InventoryView & ~Copyable) throws(Refusal) {
        // A new BMC is in no node but those that are staged.
        for bmc in view.touched(BMC.kind) where bmc.wasThere {
            for node in view.embedders(of: bmc.resource) { try view.touch(node, since: bmc) }
        }
    }

    /// Nodes whose BMC is gone.
    func problems(in view: borrowing some InventoryView & ~Copyable) -> [Refusal.Problem] {
        var nodes: [(bmc: UUID, nodes: [ResourceID])] = []
        var places: [UUID: Int] = [:]
        for node in view.touched(ComputeNode.kind) {
            guard let bmc = node.document?.embeddedIdentifier, !view.exists(Self.bmc(bmc)) else { continue }
            if let place = places[bmc] {
                nodes[place].nodes.append(node.resource)
            } else {
                places[bmc] = nodes.count
                nodes.append((bmc, [node.resource]))
            }
        }
        return nodes.map { bmc, nodes in
            let shown = nodes.prefix(10).map { view.name($0) }.joined(separator: ", ")
            let more = nodes.count > 10 ? " and \(nodes.count - 10) more" : ""
            return Refusal.Problem(
                operation: view.operation(of: Self.bmc(bmc)) ?? view.operation,
                reason: .conflict,
                message: "The BMC \(bmc.lowercased) is the BMC of \(shown)\(more); change or delete those first.",
                holder: nodes.first
            )
        }
    }

    // MARK: Finding and making the BMC

    /// Finds or makes the BMC of a node.
    ///
    /// - Parameters:
    ///   - submission: The node as the client sent it.
    ///   - whole: A BMC of which the node has all that there is to be: fields that it does not have are to go.
    /// - Returns: The BMC's id; nil for a node that has neither a BMC nor an xname to derive one from.
    private func bmc(
        of submission: Submission,
        whole: UUID?,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal) -> UUID? {
        let place = Self.bmcPlace(of: submission.document)
        guard var given = submission.embedded ?? submission.document.embedded else {
            guard let place else { return nil }
            if let holder = view.holder(BMC.kind, of: Self.key(place)) { return holder }
            let new = Document(stored: BMC(xname: place).document, BMC.kind)
            return try putNew(new, secrets: GivenSecrets(), in: &view)
        }
        let match = try match(given, in: view)
        let stored = match.flatMap { view.current(Self.bmc($0)) }
        let hasPlace = given.has(Self.bmcXName) || stored?.has(Self.bmcXName) ?? false
        if !hasPlace, let place, view.holder(BMC.kind, of: Self.key(place)) == nil {
            given.set(Self.bmcXName, to: place.description)
        }
        guard let match, let stored else {
            let missing = embedding.missingFields(in: given)
            if !missing.isEmpty {
                throw view.refusal(.invalid, "A BMC that is not stored yet needs more fields.", violations: missing)
            }
            return try putNew(given, secrets: submission.embeddedSecrets, in: &view)
        }
        let merged = match == whole ? try replacement(of: stored, given, in: view) : stored.overwritten(by: given)
        if merged.bytes != stored.bytes || !submission.embeddedSecrets.isEmpty {
            try view.put(merged, given: submission.embeddedSecrets, as: Self.bmc(match))
        }
        return match
    }

    /// The stored BMC that a client means.
    private func match(_ given: Document, in view: borrowing some InventoryView & ~Copyable) throws(Refusal) -> UUID? {
        var found: [(key: String, id: UUID)] = []
        if let id = given.identifier, view.exists(Self.bmc(id)) { found.append(("id", id)) }
        for key in given.keys {
            if let id = view.holder(BMC.kind, of: key) { found.append((key.name, id)) }
        }
        guard let first = found.first else { return nil }
        if let other = found.first(where: { $0.id != first.id }) {
            throw view.refusal(
                .conflict,
                "The \(first.key) of the node's BMC is that of the BMC \(first.id.lowercased), "
                    + "its \(other.key) that of \(other.id.lowercased).",
                holder: Self.bmc(other.id)
            )
        }
        if let id = given.identifier, id != first.id {
            throw view.refusal(
                .conflict,
                "The \(first.key) of the node's BMC is that of the BMC \(first.id.lowercased), "
                    + "which is not the id given, \(id.lowercased).",
                holder: Self.bmc(first.id)
            )
        }
        return first.id
    }

    /// What a BMC becomes when fields that it does not have any more are to go.
    private func replacement(
        of stored: Document,
        _ given: Document,
        in view: borrowing some InventoryView & ~Copyable
    ) throws(Refusal) -> Document {
        let known = embedding.missingFields(in: stored).map(\.pointer)
        let missing = embedding.missingFields(in: given).filter { !known.contains($0.pointer) }
        guard missing.isEmpty else {
            throw view.refusal(
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

    private func putNew(
        _ bmc: Document,
        secrets: GivenSecrets,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal) -> UUID {
        let id = bmc.identifier ?? .version7()
        var bmc = bmc
        if bmc.identifier == nil { bmc.identifier = id }
        try view.put(bmc, given: secrets, as: Self.bmc(id))
        return id
    }

    /// Where the BMC of a node is.
    private static func bmcPlace(of node: Document) -> BMCXName? {
        node.keys.first { $0.name == "xname" }.flatMap { NodeXName($0) }?.bmcXName
    }

    private static func key(_ xname: BMCXName) -> UniqueKey {
        UniqueKey(name: "xname", .number(xname.number))
    }
}
