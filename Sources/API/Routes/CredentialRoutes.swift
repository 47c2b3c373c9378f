import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import Inventory
import InventoryHTTP
import Records
import Schema
import Store
import Tokens

/// What BMCs are logged in to with: `/BMC/{ref}/credentials`, and `/credentials/rotate`, which changes the key of all secrets.
struct CredentialRoutes {
    let store: InventoryStore

    func add(to routes: inout RouteTable) {
        for prefix in ["", "/inventory"] {
            for (name, kind) in Kind.clientNames where !kind.resourceType.loginKeys.isEmpty {
                routes.add("\(prefix)/\(name)/{ref}/credentials", .get, .whoMay(.readCredentials)) { _, context in
                    try credentials(kind, context.parameter("ref"))
                }
            }
        }
        routes.add("/credentials/rotate", .post, .whoMay(.administer), atLeader: RouteTable.sameTarget) { _, context in
            .json(JSONValue.object(try await store.rotateCredentialKey(for: context.writer).json).bytes)
        }
    }

    private func credentials(_ kind: Kind, _ reference: String) throws -> Response {
        guard let found = try store.credentials(kind, kind.reference(reference)) else {
            throw Problem(.notFound, "There is no such \(kind.name).")
        }
        let document = found.stored.json
        var members: JSONObject = [:]
        for name in [kind.identifierKey] + kind.resourceType.commonNameKeys { members[name] = document[name] }
        for name in kind.resourceType.loginKeys {
            members[name] = found.secrets[JSONPointer([name]).description].map(JSONValue.string) ?? document[name]
        }
        var response = Response.json(JSONValue.object(members).bytes)
        response.headers[.cacheControl] = "no-store"
        response.isAsOf(found.sequence)
        return response
    }
}

extension CredentialRotation {
    fileprivate var json: JSONObject {
        [
            "key": .string(key), "resealed": .number(JSONNumber(resealed)),
            "unreadable": .number(JSONNumber(unreadable)),
            "old": .array(
                old.map { old in
                    var members: JSONObject = [
                        "key": .string(old.key), "needed_before": .number(JSONNumber(Int(old.neededBefore))),
                    ]
                    members["until"] = old.until.map { .string($0.formatted(.iso8601)) }
                    return .object(members)
                }
            ),
        ]
    }
}
