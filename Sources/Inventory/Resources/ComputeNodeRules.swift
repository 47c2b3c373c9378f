import Foundation
import Schema

/// The rules of nodes and their BMCs, which `docs/places.md` has with examples.
///
/// An xname is a place and a BMC is hardware in it. A node's BMC is found by what the node says of it, or made; the node has
/// a copy of it, and both are in one place.
struct ComputeNodeRules: ResourceRules {
    static let embedding: Embedding = {
        guard let embedding = ComputeNode.kind.embedding else { preconditionFailure("nodes embed their BMCs") }
        return embedding
    }()

    static func bmc(_ id: UUID) -> ResourceID { ResourceID(BMC.kind, id) }

    func accept(
        _ node: inout Document,
        _ acceptance: Acceptance,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal) {
        let patch = acceptance.patch
        let place = node.place
        let isUnsaid = patch.map { $0[Self.embedding.key] == nil } ?? false
        // A patch that says nothing of either leaves both as they are; of a new place alone, ``settle(in:)`` sees to it.
        if isUnsaid, place != nil { return }
        let current = view.current(acceptance.resource)
        if !isUnsaid, let given = GivenBMC(acceptance, of: node, current) {
            return embed(try given.bmc(in: &view), in: &node, view)
        }
        if isUnsaid || patch == nil, place == nil, let former = current?.place, let id = current?.embeddedIdentifier {
            return try leave(former, with: id, &node, in: &view)
        }
        if isUnsaid { return }
        var kept: UUID?
        // A whole document without a BMC keeps that of its place, or takes it along.
        if patch == nil, place != nil, current?.place != nil { kept = current?.embeddedIdentifier }
        if let id = kept, view.exists(Self.bmc(id)) { return embed(id, in: &node, view) }
        node.refer(to: nil)
        // So that operations that follow find it.
        if let place, view.holder(BMC.kind, of: place.key) == nil { _ = try view.putPlaceholder(at: place) }
    }

    /// Has a node's BMC leave a place along with the node; one of which nothing is known but the place stays there.
    private func leave(
        _ place: BMCXName,
        with id: UUID,
        _ node: inout Document,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal) {
        guard var bmc = view.current(Self.bmc(id)) else { return node.refer(to: nil) }
        if bmc.isPlaceholder { return node.refer(to: nil) }
        if bmc.place == place {
            bmc.set(Document.bmcXName, to: nil)
            try view.put(bmc, given: GivenSecrets(), as: Self.bmc(id))
        }
        embed(id, in: &node, view)
    }

    func refresh(_ node: inout Document, in view: borrowing some InventoryView & ~Copyable) {
        if let id = node.embeddedIdentifier { embed(id, in: &node, view) }
    }

    private func embed(_ id: UUID, in node: inout Document, _ view: borrowing some InventoryView & ~Copyable) {
        if let bmc = view.currentBytes(Self.bmc(id)) { node.embed(id, bmc) } else { node.refer(to: id) }
    }

    func settle(in view: inout some InventoryView & ~Copyable) throws(Refusal) {
        var places = BMCPlaces(in: view)
        try places.settle(in: &view)
    }

    func finish(in view: inout some InventoryView & ~Copyable) throws(Refusal) {
        // A new BMC is in no node but those that are staged.
        for bmc in view.touched(BMC.kind) where bmc.wasThere {
            for node in view.embedders(of: bmc.resource) { try view.touch(node, since: bmc) }
        }
    }

    var laterRule: String? { "bmc_place" }

    /// Whether a node is elsewhere than its BMC.
    func breaksLaterRule(_ keys: [UniqueKey], copyAt place: UnsafeBufferPointer<UInt8>?) -> Bool {
        keys.place(in: ComputeNode.kind).map { $0.number != place.flatMap(BMCXName.number) } ?? false
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
            Refusal.Problem(
                operation: view.operation(of: Self.bmc(bmc)) ?? view.operation,
                reason: .conflict,
                message: "The BMC \(bmc.lowercased) is the BMC of \(view.names(nodes)); change or delete those first.",
                holder: nodes.first
            )
        }
    }
}

extension InventoryView where Self: ~Copyable {
    /// Makes the BMC of a place of which nothing else is known.
    mutating func putPlaceholder(at place: BMCXName) throws(Refusal) -> UUID {
        try putNew(Document(stored: BMC(xname: place).document, BMC.kind), secrets: GivenSecrets())
    }

    mutating func putNew(_ bmc: Document, secrets: GivenSecrets) throws(Refusal) -> UUID {
        let id = bmc.identifier ?? .version7()
        var bmc = bmc
        if bmc.identifier == nil { bmc.identifier = id }
        try put(bmc, given: secrets, as: ComputeNodeRules.bmc(id))
        return id
    }

    /// Resources as a message names them, the first ten.
    func names(_ resources: [ResourceID]) -> String {
        let shown = resources.prefix(10).map { name($0) }.joined(separator: ", ")
        return resources.count > 10 ? "\(shown) and \(resources.count - 10) more" : shown
    }
}
