import Foundation
import Inventory
import OrderedCollections
import Schema

extension Draft {
    /// Changes members of a document.
    mutating func change(_ id: ResourceID, by patch: JSONValue) throws(Refusal) {
        guard case .object(let members) = patch else {
            throw refusal(.invalid, "A merge patch of a \(id.kind.rawValue) is an object of the members to change.")
        }
        let document = document(of: id)
        var bmc: UUID?
        if case .string(let text)? = document[JSONPointer(["bmc", "id"])] { bmc = UUID(spelling: text) }
        let submission: Submission
        do throws(Refusal) {
            submission = try intake.submission(of: document.merging(patch), id.kind, replacing: document)
        } catch {
            throw Refusal(
                error.problems.map { problem in
                    var problem = problem.of(operation: operation)
                    problem.message = "\(name(id)) cannot be changed so: \(problem.message)"
                    return problem
                }
            )
        }
        if members["bmc"] == nil, members["xname"] == nil, var node = submission.resource as? ComputeNode {
            // Nothing is said of the BMC.
            node.id = id.id
            node.bmc = bmc.map { BMC(id: $0) }
            try checkIdentifier(submission.resource, id)
            put(node, given: submission.secrets, as: id)
        } else {
            try replace(id, with: submission, wholeBMC: members["bmc"] == nil ? nil : bmc)
        }
    }

    /// The document of a resource after the operations so far, with its BMC as it is then.
    private func document(of id: ResourceID) -> JSONValue {
        if staged.isEmpty, let stored = overlay.resource(id) { return stored.json }
        guard var current = current(id) else { preconditionFailure("a resource that was found is there") }
        if var node = current as? ComputeNode, let bmc = node.bmc?.id {
            node.bmc = self.current(ResourceID(.bmc, bmc)) as? BMC
            current = node
        }
        return current.json
    }
}
