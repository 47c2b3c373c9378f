import Foundation
import HTTPTypes
import Hummingbird
import Inventory
import Schema
import Store

/// The snapshots: `/snapshots` and `/snapshots/{id}`.
struct SnapshotRoutes {
    let store: InventoryStore

    func add(to routes: inout RouteTable) {
        routes.add("/snapshots", .get) { _, _ in
            try await .json(JSONValue.array(store.snapshots().map(\.json)).bytes)
        }
        routes.add("/snapshots", .post) { _, _ in
            let (snapshot, isNew) = try await store.takeSnapshot()
            var response = Response.json(snapshot.json.bytes, status: isNew ? .created : .ok)
            response.headers[.location] = "/snapshots/\(snapshot.id)"
            return response
        }
        routes.add("/snapshots/{id}", .get) { _, context in
            let id = try context.parameter("id")
            guard let snapshot = try await store.snapshots().first(where: { $0.id == id }) else {
                throw Self.unknown(id)
            }
            return .json(snapshot.json.bytes)
        }
        routes.add("/snapshots/{id}", .delete) { _, context in
            let id = try context.parameter("id")
            guard try await store.removeSnapshot(id) else { throw Self.unknown(id) }
            return Response(status: .noContent)
        }
    }

    private static func unknown(_ id: String) -> Problem {
        Problem(.notFound, "There is no snapshot \(id); GET /snapshots lists those there are.")
    }
}

extension Snapshot {
    /// The snapshot as clients see it.
    fileprivate var json: JSONValue {
        [
            "id": .string(id),
            "created_at": .string(manifest.createdAt),
            "sequence": .number(JSONNumber(Int(manifest.sequence))),
            "resources": .object(
                JSONObject(Kind.allCases.map { ($0.rawValue, .number(JSONNumber(manifest.rows(of: $0)))) })
            ),
            "size": .number(JSONNumber(manifest.size)),
        ]
    }
}
