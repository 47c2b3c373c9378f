import HTTPSupport
import HTTPTypes
import Hummingbird
import Inventory
import InventoryHTTP
import Records
import Schema

/// What a request that creates resources says of those that are there already: the parameter `existing`.
struct ExistingResources {
    /// What becomes of them.
    let action: Transaction.ExistingResource
    /// Whether the answer tells what became of each, as it does where the parameter is given.
    let isTold: Bool

    static let parameter = "existing"

    init(_ context: RouteContext) throws {
        let action = try context.query.value(of: Self.parameter) { text in
            guard let action = Transaction.ExistingResource(rawValue: text) else {
                let names = Transaction.ExistingResource.allCases.map(\.rawValue).joined(separator: ", ")
                throw InvalidValue("is not one of \(names)")
            }
            return action
        }
        self.action = action ?? .fail
        isTold = action != nil
    }
}

extension Outcome {
    /// What became of a document that was to be a resource, as clients get it.
    ///
    /// - Parameter index: The document's place among those that were sent.
    func json(index: Int) -> JSONValue {
        var object: JSONObject = [
            "index": .number(JSONNumber(index)), "outcome": .string(change.rawValue),
            "id": .string(resource.id.lowercased),
        ]
        if let stored { object["version"] = .number(JSONNumber(Int(stored.version))) }
        return .object(object)
    }
}
