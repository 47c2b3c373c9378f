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
        routes.add("/snapshots", .get, .whoMay(.read)) { request, context in
            try await signed(JSONValue.array(store.snapshots().map(\.json)).bytes, request, context)
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
        routes.add("/snapshots/{id}/files/{name}", .get, .whoMay(.administer)) { request, context in
            try await file(of: context.parameter("id"), context.parameter("name"), request, context)
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

    /// JSON that other servers, which share a log with this one, can make sure of.
    private func signed(_ bytes: [UInt8], _ request: Request, _ context: RouteContext) -> Response {
        var response = Response.json(bytes)
        if context.isPassedOn, let key = store.replicaKeys.first {
            response.headers.append(SignedAnswer.field(for: bytes, at: request.uri.description, key))
        }
        return response
    }

    /// A file of a snapshot: one that its manifest names, or the manifest itself.
    private func file(
        of id: String,
        _ name: String,
        _ request: Request,
        _ context: RouteContext
    ) async throws -> Response {
        guard let snapshot = try await store.snapshots().first(where: { $0.id == id }) else { throw Self.unknown(id) }
        if name == Snapshot.manifestName {
            return signed(try Disk.read(snapshot.folder.appending(path: name)), request, context)
        }
        guard let file = snapshot.manifest.files[name] else {
            throw Problem(.notFound, "The snapshot \(id) has no file \(name).")
        }
        let path = snapshot.folder.appending(path: name).path
        return Response(
            status: .ok,
            headers: [.contentType: "application/octet-stream", .contentLength: "\(file.size)"],
            body: try await FileIO().loadFile(path: path, context: context)
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
