import Foundation
import Inventory
import OrderedCollections
import Records

/// What is wrong with the state after the whole transaction.
extension Draft {
    /// Nodes whose BMC is gone.
    func danglingBMCs() -> [Refusal.Problem] {
        var nodes: OrderedDictionary<UUID, [ResourceID]> = [:]
        for (id, entry) in staged {
            guard let bmc = entry.document?.bmcIdentifier, !exists(ResourceID(.bmc, bmc)) else { continue }
            nodes[bmc, default: []].append(id)
        }
        return nodes.map { bmc, nodes in
            let shown = nodes.prefix(10).map { name($0) }.joined(separator: ", ")
            let more = nodes.count > 10 ? " and \(nodes.count - 10) more" : ""
            return problem(
                .conflict,
                "The BMC \(bmc.lowercased) is the BMC of \(shown)\(more); change or delete those first.",
                holder: nodes.first,
                operation: staged[ResourceID(.bmc, bmc)]?.operation
            )
        }
    }

    /// Unique keys that two resources would have.
    func takenKeys() -> [Refusal.Problem] {
        var problems: [Refusal.Problem] = []
        var names: [ResourceID: String] = [:]
        for (id, entry) in staged {
            for key in entry.keys where problems.count < Refusal.maximumProblems {
                let holder: ResourceID
                if let other = overlay.holder(id.kind, of: key), staged[ResourceID(id.kind, other)] == nil {
                    holder = ResourceID(id.kind, other)
                } else if let first = claims[Claim(kind: id.kind, key: key)]?.first, first != id.id {
                    holder = ResourceID(id.kind, first)
                } else {
                    continue
                }
                let name = names[holder] ?? name(holder)
                names[holder] = name
                let message = id.kind.resourceType.conflict(over: key, heldBy: name)
                problems.append(problem(.conflict, message, holder: holder, operation: entry.operation))
            }
        }
        return problems
    }
}
