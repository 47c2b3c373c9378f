import Inventory
package import Schema

extension Snapshot {
    /// The snapshot as clients see it.
    package var json: JSONValue {
        [
            "id": .string(id),
            "created_at": .string(manifest.createdAt),
            "sequence": .number(JSONNumber(Int(manifest.sequence))),
            "resources": .object(
                JSONObject(Kind.allCases.map { ($0.name, .number(JSONNumber(manifest.rows(of: $0)))) })
            ),
            "size": .number(JSONNumber(manifest.size)),
        ]
    }
}
