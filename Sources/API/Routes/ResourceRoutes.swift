import Foundation
import HTTPTypes
import Hummingbird
import Inventory
import NIOCore
import Schema
import Store

/// The resources of every kind: `/{Kind}` and `/{Kind}/{ref}`.
struct ResourceRoutes {
    let store: InventoryStore

    /// Adds the routes of a kind below a path.
    ///
    /// - Parameter path: The kind's path, such as `/inventory/ComputeNode`.
    func add(_ kind: Kind, at path: String, to routes: inout RouteTable) {
        routes.add(path, .get, .open) { request, _ in try await search(kind, request) }
        routes.add(path, .post) { request, context in try await create(kind, at: path, request, context) }
        routes.add("\(path)/{ref}", .get, .open) { _, context in try get(kind, context) }
        routes.add("\(path)/{ref}", .put) { request, context in try await replace(kind, request, context) }
        routes.add("\(path)/{ref}", .post) { request, context in try await replace(kind, request, context) }
        routes.add("\(path)/{ref}", .delete) { _, context in try await delete(kind, context) }
    }

    private func get(_ kind: Kind, _ context: InventoryRequestContext) throws -> Response {
        let reference = try context.parameter("ref")
        guard let (_, stored) = store.resource(kind, reference) else {
            throw Problem(.notFound, "There is no \(kind.rawValue) \(reference).")
        }
        return .resource(stored)
    }

    private func search(_ kind: Kind, _ request: Request) async throws -> Response {
        let search = try Search(kind, parameters: request.queryParameters())
        return .resources(try await store.resources(search))
    }

    private func create(
        _ kind: Kind,
        at path: String,
        _ request: Request,
        _ context: InventoryRequestContext
    ) async throws -> Response {
        let body = try await request.json()
        guard case .array(let elements) = body else {
            let submission = try store.intake.submission(of: body, kind)
            let outcome = try await store.commit(Transaction(author: context.subject, [.create(submission)]))[0]
            var response = Response.resource(outcome.written, status: .created)
            response.headers[.location] = "\(path)/\(outcome.resource.id.lowercased)"
            return response
        }
        do throws(Refusal) {
            let submissions = try store.intake.submissions(of: elements, kind)
            let transaction = Transaction(author: context.subject, submissions.map { .create($0) })
            return .resources(try await store.commit(transaction).map(\.written), status: .created)
        } catch {
            throw Problem(error, isArray: true)
        }
    }

    private func replace(
        _ kind: Kind,
        _ request: Request,
        _ context: InventoryRequestContext
    ) async throws -> Response {
        let reference = try context.parameter("ref")
        let body = try await request.json()
        let submission = try store.intake.submission(
            of: body,
            kind,
            replacing: store.resource(kind, reference)?.stored
        )
        let operation = Transaction.Operation.replace(kind.reference(reference), submission)
        return .resource(try await store.commit(Transaction(author: context.subject, [operation]))[0].written)
    }

    private func delete(_ kind: Kind, _ context: InventoryRequestContext) async throws -> Response {
        let reference = try context.parameter("ref")
        let operation = Transaction.Operation.delete(kind, kind.reference(reference))
        _ = try await store.commit(Transaction(author: context.subject, [operation]))
        return Response(status: .noContent)
    }
}

extension Outcome {
    /// The resource of an operation that wrote one.
    fileprivate var written: StoredResource {
        guard let stored else { preconditionFailure("what an operation has written is stored") }
        return stored
    }
}
