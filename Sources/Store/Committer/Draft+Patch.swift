import Foundation
import Inventory
import OrderedCollections
import Records
import Schema

extension Draft {
    /// Changes members of a document.
    mutating func change(_ id: ResourceID, by patch: JSONValue) throws(Refusal) {
        guard case .object(let members) = patch else {
            throw refusal(.invalid, "A merge patch of a \(id.kind.rawValue) is an object of the members to change.")
        }
        let document = document(of: id)
        let submission: Submission
        do throws(Refusal) {
            submission = try intake.submission(of: document, patchedBy: members)
        } catch {
            throw Refusal(
                error.problems.map { problem in
                    var problem = problem.of(operation: operation)
                    problem.message = "\(name(id)) cannot be changed so: \(problem.message)"
                    return problem
                }
            )
        }
        if id.kind == .computeNode, members["bmc"] == nil, members["xname"] == nil {
            // Nothing is said of the BMC, which stays in the document.
            var node = submission.document
            try checkIdentifier(node, id)
            if node.identifier == nil { node.identifier = id.id }
            try put(node, given: submission.secrets, as: id)
        } else {
            try replace(id, with: submission, wholeBMC: members["bmc"] == nil ? nil : document.bmcIdentifier)
        }
    }

    /// The document of a resource after the operations so far, with its BMC as it is then.
    private mutating func document(of id: ResourceID) -> Document {
        guard var document = current(id) else { preconditionFailure("a resource that was found is there") }
        if !staged.isEmpty, let bmc = document.bmcIdentifier { embed(bmc, in: &document) }
        return document
    }
}
