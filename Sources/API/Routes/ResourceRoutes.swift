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
        routes.add("\(path)/{ref}", .get, .open) { request, context in try await get(kind, request, context) }
        routes.add("\(path)/{ref}", .put) { request, context in try await replace(kind, request, context) }
        routes.add("\(path)/{ref}", .post) { request, context in try await replace(kind, request, context) }
        routes.add("\(path)/{ref}/history", .get) { request, context in
            try await history(kind, at: path, request, context)
        }
        routes.add("\(path)/{ref}", .delete) { _, context in try await delete(kind, context) }
    }

    private func get(_ kind: Kind, _ request: Request, _ context: InventoryRequestContext) async throws -> Response {
        let reference = try context.parameter("ref")
        let moment = try request.queryParameters(of: "at").value(of: "at", Moment.init)
        let stored =
            if let moment { try await store.resource(kind, reference, at: moment) } else {
                store.resource(kind, reference)?.stored
            }
        guard let stored else {
            let then = moment.map { " as of \($0)" } ?? ""
            throw Problem(.notFound, "There is no \(kind.rawValue) \(reference)\(then).")
        }
        return .resource(stored)
    }

    private func search(_ kind: Kind, _ request: Request) async throws -> Response {
        var parameters = try request.queryParameters()
        guard let index = parameters.firstIndex(where: { $0.name == "at" }) else {
            return .resources(try await store.resources(Search(kind, parameters: parameters)))
        }
        let at = ["at": parameters.remove(at: index).value]
        let search = try Search(kind, parameters: parameters)
        guard let moment = try at.value(of: "at", Moment.init) else { return .resources([]) }
        return .resources(try await store.resources(search, at: moment))
    }

    /// How many versions an answer has, unless the client says otherwise, and at most.
    private static let standardVersions = 100
    private static let maximumVersions = 1000

    private func history(
        _ kind: Kind,
        at path: String,
        _ request: Request,
        _ context: InventoryRequestContext
    ) async throws -> Response {
        let reference = try context.parameter("ref")
        let parameters = try request.queryParameters(of: "limit", "before")
        let limit = try parameters.value(of: "limit") { (text) throws(InvalidValue) in
            guard let limit = Int(text), (1...Self.maximumVersions).contains(limit) else {
                throw InvalidValue("is not a number from 1 to \(Self.maximumVersions)")
            }
            return limit
        }
        let before = try parameters.value(of: "before") { (text) throws(InvalidValue) in
            try UInt64(sequenceNumber: text)
        }
        let count = limit ?? Self.standardVersions
        guard let page = try await store.versions(kind, reference, limit: count, before: before) else {
            throw Problem(.notFound, "There is no history of a \(kind.rawValue) \(reference).")
        }
        var response = Response.json(JSONValue.array(page.versions.map(\.json)).bytes)
        if page.hasMore, let last = page.versions.last {
            let page = "\(path)/\(reference.percentEncoded)/history?limit=\(count)&before=\(last.sequence)"
            response.headers[.link] = "<\(page)>; rel=\"next\""
        }
        return response
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

extension String {
    /// The text as a part of a path.
    fileprivate var percentEncoded: String {
        addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~"))) ?? ""
    }
}
