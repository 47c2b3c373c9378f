import Foundation

/// Brings nodes and their BMCs to one place after a transaction's operations: BMCs go along with their nodes, and what takes
/// the place of a placeholder stands for it.
struct BMCPlaces {
    /// The nodes that the transaction touches.
    private let nodes: [TouchedResource]
    /// Those nodes, by the BMCs that they have, where that was asked for.
    private var nodesOfBMCs: [UUID: [ResourceID]]?
    /// BMCs that go along with a node.
    private var moves: [(bmc: UUID, place: BMCXName, node: TouchedResource)] = []
    /// Those nodes, by the BMCs.
    private var movers: [UUID: TouchedResource] = [:]
    /// Nodes of which nobody said which BMC they have, and whether they came from another place.
    private var unplaced: [(node: TouchedResource, place: BMCXName, hasMoved: Bool)] = []
    private var problems: [Refusal.Problem] = []

    init(in view: borrowing some InventoryView & ~Copyable) {
        nodes = view.touched(ComputeNode.kind)
    }

    /// - Throws: Every node and BMC that would not be in one place.
    mutating func settle(in view: inout some InventoryView & ~Copyable) throws(Refusal) {
        for node in nodes { try look(at: node, in: &view) }
        for (bmc, place, node) in moves { try take(bmc, to: place, with: node, in: &view) }
        let bmcs = view.touched(BMC.kind)
        for bmc in bmcs { try fillPlace(of: bmc, in: &view) }
        // A new BMC is where the nodes are that it came with, unless one of them has moved since.
        for bmc in bmcs where bmc.wasThere || movers[bmc.resource.id] != nil {
            checkNodes(of: bmc, in: &view)
        }
        for (node, place, hasMoved) in unplaced { try findBMC(of: node, at: place, hasMoved: hasMoved, in: &view) }
        if !problems.isEmpty { throw Refusal(problems) }
    }

    /// Finds out what is to become of a node's BMC.
    private mutating func look(
        at node: TouchedResource,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal) {
        guard let document = node.document, let place = document.place else { return }
        guard let id = document.embeddedIdentifier else { return unplaced.append((node, place, false)) }
        if view.holder(BMC.kind, of: place.key) == id { return }
        guard let bmc = view.current(ComputeNodeRules.bmc(id)), bmc.place != place else { return }
        let before = node.keysBefore.place(in: ComputeNode.kind)
        if node.embeddedBefore == id, before == place { return }
        if bmc.isPlaceholder {
            var document = document
            document.refer(to: nil)
            try put(document, node, in: &view)
            unplaced.append((node, place, before != nil))
        } else if bmc.place == nil || bmc.place == before || view.before(ComputeNodeRules.bmc(id)) == nil {
            guard movers[id] == nil else { return }
            moves.append((id, place, node))
            movers[id] = node
        } else {
            report(
                node,
                "\(view.name(node.resource)) is to be where the BMC is at \(place), but its BMC \(view.hardware(id)) "
                    + "is elsewhere; say in `bmc` which BMC the node has there.",
                holder: id
            )
        }
    }

    private mutating func take(
        _ id: UUID,
        to place: BMCXName,
        with node: TouchedResource,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal) {
        guard var bmc = view.current(ComputeNodeRules.bmc(id)) else { return }
        bmc.set(Document.bmcXName, to: place.description)
        view.operation = node.operation
        try view.put(bmc, given: GivenSecrets(), as: ComputeNodeRules.bmc(id))
    }

    /// Has a BMC that came to a place stand for the placeholder there.
    private mutating func fillPlace(
        of bmc: TouchedResource,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal) {
        guard let document = view.current(bmc.resource), let place = document.place,
            bmc.keysBefore.place(in: BMC.kind) != place, !document.isPlaceholder,
            let rival = view.rival(of: bmc.resource, for: place.key),
            let other = view.current(ComputeNodeRules.bmc(rival))
        else { return }
        if other.isPlaceholder {
            view.operation = bmc.operation
            for node in users(of: rival, in: view) {
                guard var document = view.current(node), document.embeddedIdentifier == rival else { continue }
                document.refer(to: bmc.resource.id)
                try view.put(document, given: GivenSecrets(), as: node)
            }
            try view.delete(ComputeNodeRules.bmc(rival))
        } else if let node = movers[bmc.resource.id] {
            report(
                node,
                "\(view.name(node.resource)) cannot take its BMC \(view.hardware(bmc.resource.id)) along: at \(place) is the BMC "
                    + "\(view.hardware(rival)). Say in `bmc` which of them the node has there.",
                holder: rival
            )
        }
    }

    /// Looks for nodes that are not where their BMC is now.
    private mutating func checkNodes(of bmc: TouchedResource, in view: inout some InventoryView & ~Copyable) {
        guard let document = view.current(bmc.resource) else { return }
        let (before, place) = (bmc.keysBefore.place(in: BMC.kind), document.place)
        guard before != place else { return }
        let left = users(of: bmc.resource.id, in: view).filter { node in
            guard let node = view.current(node), node.embeddedIdentifier == bmc.resource.id, let nodePlace = node.place
            else { return false }
            return nodePlace != place
        }
        guard let first = left.first else { return }
        let (names, name) = (view.names(left), view.hardware(bmc.resource.id))
        let message =
            if let node = movers[bmc.resource.id] {
                "\(view.name(node.resource)) cannot take its BMC \(name) along, which \(names) would still have elsewhere. Move "
                    + "these in the same transaction, or say in `bmc` which BMC the node has there."
            } else if let place {
                "The BMC \(name) cannot be at \(place): it is the BMC of \(names), elsewhere. Move these in the same transaction."
            } else {
                "The BMC \(name) cannot leave its place, as another one takes it or its xname goes: \(names) would still have it. "
                    + "Give these another BMC in the same transaction."
            }
        report(movers[bmc.resource.id] ?? bmc, message, holder: first)
    }

    /// Gives a node the BMC that is where the node is.
    private mutating func findBMC(
        of node: TouchedResource,
        at place: BMCXName,
        hasMoved: Bool,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal) {
        let there = view.holder(BMC.kind, of: place.key)
        if hasMoved, let there, view.current(ComputeNodeRules.bmc(there))?.isPlaceholder == false {
            report(
                node,
                "At \(place), where \(view.name(node.resource)) is to be, is the BMC \(view.hardware(there)). "
                    + "Say in `bmc` that the node has it.",
                holder: there
            )
            return
        }
        guard var document = view.current(node.resource) else { return }
        view.operation = node.operation
        let id: UUID
        if let there { id = there } else { id = try view.putPlaceholder(at: place) }
        document.refer(to: id)
        try put(document, node, in: &view)
    }

    private func put(
        _ document: Document,
        _ node: TouchedResource,
        in view: inout some InventoryView & ~Copyable
    ) throws(Refusal) {
        view.operation = node.operation
        try view.put(document, given: GivenSecrets(), as: node.resource)
    }

    /// The nodes that have a BMC after the operations.
    private mutating func users(of bmc: UUID, in view: borrowing some InventoryView & ~Copyable) -> [ResourceID] {
        if nodesOfBMCs == nil {
            nodesOfBMCs = Dictionary(grouping: nodes.filter { $0.document?.embeddedIdentifier != nil }) {
                $0.document?.embeddedIdentifier ?? $0.resource.id
            }.mapValues { $0.map(\.resource) }
        }
        let untouched = view.embedders(of: ComputeNodeRules.bmc(bmc)).filter { view.operation(of: $0) == nil }
        return untouched + (nodesOfBMCs?[bmc] ?? [])
    }

    private mutating func report(_ cause: TouchedResource, _ message: String, holder: UUID) {
        report(cause, message, holder: ComputeNodeRules.bmc(holder))
    }

    private mutating func report(_ cause: TouchedResource, _ message: String, holder: ResourceID) {
        guard problems.count < Refusal.maximumProblems else { return }
        problems.append(
            Refusal.Problem(operation: cause.operation, reason: .conflict, message: message, holder: holder)
        )
    }
}

extension InventoryView where Self: ~Copyable {
    /// A BMC as a message about places names it: by its MAC address where that is known, and its id.
    fileprivate mutating func hardware(_ bmc: UUID) -> String {
        let address = current(ComputeNodeRules.bmc(bmc))?.keys.first { $0.name == "mac" }?.value
        return [address, bmc.lowercased].compactMap(\.self).joined(separator: " ")
    }
}
