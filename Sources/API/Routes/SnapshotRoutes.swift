import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import InventoryHTTP
import Records
import Schema
import Store
import Tables
import Tokens

/// The snapshots: `/snapshots`, `/snapshots/{id}` and `/snapshots/{id}/restore`.
struct SnapshotRoutes {
    let store: InventoryStore

    func add(to routes: inout RouteTable) {
        routes.logValues(of: ["dry_run"])
        routes.add("/snapshots", .get, .whoMay(.read)) { _, _ in
            try await .json(JSONValue.array(store.snapshots().map(\.json)).bytes)
        }
        routes.add("/snapshots", .post, .whoMay(.write)) { _, context in
            let (snapshot, isNew) = try await store.takeSnapshot()
            var response = Response.json(snapshot.json.bytes, status: isNew ? .created : .ok)
            response.headers[.location] = context.link("/snapshots/\(snapshot.id)")
            return response
        }
        routes.add("/snapshots/{id}", .get, .whoMay(.read)) { _, context in
            let id = try context.parameter("id")
            guard let snapshot = try await store.snapshots().first(where: { $0.id == id }) else {
                throw Self.unknown(id)
            }
            return .json(snapshot.json.bytes)
        }
        routes.add("/snapshots/{id}", .delete, .whoMay(.administer)) { _, context in
            let id = try context.parameter("id")
            guard try await store.removeSnapshot(id) else { throw Self.unknown(id) }
            return Response(status: .noContent)
        }
        let past = PastRoutes(store: store)
        routes.add(
            "/snapshots/{id}/restore",
            .post,
            .whoMay(.administer),
            parameters: ["dry_run"],
            atLeader: { _, context in try await past.leaderTarget(of: snapshot(context), context) },
            handler: { request, context in
                let isDryRun = try context.query.flag("dry_run")
                return try await past.restore(to: snapshot(context), isDryRun: isDryRun, request, context)
            }
        )
    }

    /// The snapshot that a path names, as a moment.
    private func snapshot(_ context: RouteContext) async throws -> Moment {
        let id = try context.parameter("id")
        guard try await store.snapshots().contains(where: { $0.id == id }) else { throw Self.unknown(id) }
        return .snapshot(id)
    }

    private static func unknown(_ id: String) -> Problem {
        Problem(.notFound, "There is no snapshot \(id); GET /snapshots lists the snapshots.")
    }
}
