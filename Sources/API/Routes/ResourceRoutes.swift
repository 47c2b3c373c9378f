import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import Inventory
import InventoryHTTP
import NIOCore
import Records
import Scheduling
import Schema
import Store
import Tokens

/// One resource of a kind: creation at `/{Kind}`, and `/{Kind}/{ref}`.
struct ResourceRoutes {
    let store: InventoryStore

    /// Adds the routes of a kind below a path.
    ///
    /// - Parameter path: The kind's path, such as `/inventory/ComputeNode`.
    func add(_ kind: Kind, at path: String, to routes: inout RouteTable) {
        routes.logValues(of: ["at", "limit", "before", ExistingResources.parameter])
        let creation = RouteConditions.refused(
            instead:
                "To create a resource only where there is none yet, PUT \(path)/… with If-None-Match: *."
        )
        routes.add(
            path,
            .post,
            .whoMay(.write),
            conditions: creation,
            parameters: [ExistingResources.parameter],
            atLeader: RouteTable.sameTarget
        ) {
            request,
            context in
            guard let type = request.mediaType, LineRoutes.mediaTypes.contains(type) else {
                return try await create(kind, at: path, request, context)
            }
            return try await LineRoutes(store: store).create(kind, request, context)
        }
        routes.add("\(path)/{ref}", .get, .open, parameters: ["at"]) { request, context in
            try await get(kind, request, context)
        }
        for method in [HTTPRequest.Method.put, .post] {
            routes.add("\(path)/{ref}", method, .whoMay(.write), conditions: .honoured, atLeader: RouteTable.sameTarget)
            { request, context in
                try await replace(kind, at: path, request, context)
            }
        }
        routes.add("\(path)/{ref}/history", .get, .whoMay(.read), parameters: ["limit", "before"]) { request, context in
            try await history(kind, at: path, request, context)
        }
        routes.add("\(path)/{ref}", .patch, .whoMay(.write), conditions: .honoured, atLeader: RouteTable.sameTarget) {
            request,
            context in
            try await patch(kind, request, context)
        }
        routes.add("\(path)/{ref}", .delete, .whoMay(.write), conditions: .honoured, atLeader: RouteTable.sameTarget) {
            request,
            context in
            try await delete(kind, request, context)
        }
    }

    private func get(_ kind: Kind, _ request: Request, _ context: RouteContext) async throws -> Response {
        let reference = try context.parameter("ref")
        let moment = try context.query.value(of: "at", Moment.init)
        // One resource as it is now is there at once, whoever asks.
        let reader = store.reader(at: moment, for: moment == nil ? Caller() : context.caller)
        let (stored, sequence) =
            moment == nil
            ? try await reader.resource(kind, reference)
            : try await context.whileClientWaits { try await reader.resource(kind, reference) }
        guard let stored else {
            let then = moment.map { " as of \($0)" } ?? ""
            throw Problem(
                .notFound,
                "There is no \(kind.name) \(reference)\(then).",
                headers: [.inventorySequence: String(sequence)]
            )
        }
        var response = try conditional(stored, sequence, request)
        response.isAsOf(sequence)
        return response
    }

    /// Answers a request that has a condition on the version.
    private func conditional(_ stored: StoredResource, _ sequence: UInt64, _ request: Request) throws -> Response {
        for condition in try request.versionConditions() where !condition.holds(for: stored.version) {
            if case .isAny = condition {
                throw Problem(
                    .preconditionFailed,
                    "The version is \(stored.version).\(request.weakTagHint)",
                    headers: [.eTag: stored.entityTag, .inventorySequence: String(sequence)]
                )
            }
            return Response(status: .notModified, headers: [.eTag: stored.entityTag])
        }
        return .resource(stored)
    }

    /// How many versions an answer has, unless the client says otherwise, and at most.
    private static let standardVersions = 100
    private static let maximumVersions = 1000

    private func history(
        _ kind: Kind,
        at path: String,
        _ request: Request,
        _ context: RouteContext
    ) async throws -> Response {
        let reference = try context.parameter("ref")
        let limit = try context.query.value(of: "limit") { text in
            guard let limit = Int(text), (1...Self.maximumVersions).contains(limit) else {
                throw InvalidValue("is not a number from 1 to \(Self.maximumVersions)")
            }
            return limit
        }
        let before = try context.query.value(of: "before") { text in
            try UInt64(sequenceNumber: text)
        }
        let count = limit ?? Self.standardVersions
        let caller = context.caller
        let found = try await context.whileClientWaits {
            try await store.versions(kind, reference, limit: count, before: before, for: caller)
        }
        guard let page = found else {
            throw Problem(.notFound, "There is no history of a \(kind.name) \(reference).")
        }
        var response = Response.json(JSONValue.array(page.versions.map(\.json)).bytes)
        response.isAsOf(page.sequence)
        if page.hasMore, let last = page.versions.last {
            let page = "\(path)/\(reference.percentEncoded)/history?limit=\(count)&before=\(last.sequence)"
            response.headers[.link] = "<\(context.link(page))>; rel=\"next\""
        }
        return response.compressed(for: request, context)
    }

    private func create(
        _ kind: Kind,
        at path: String,
        _ request: Request,
        _ context: RouteContext
    ) async throws -> Response {
        let existing = try ExistingResources(context)
        return try await request.withBody(context, atMost: Problem.maximumBodySize) { bytes in
            try creation(kind, bytes.readableBytesView, existing)
        } then: { creation in
            switch creation {
            case .one(let submission):
                let receipt = try await commit([.create(submission, existing: existing.action)], context)
                guard existing.isTold else { return Self.created(receipt, at: path, context) }
                let outcome = receipt.outcomes[0]
                let status: HTTPResponse.Status = outcome.change == .created ? .created : .ok
                var response = Response.json(outcome.json(index: 0).bytes, status: status)
                response.headers[.location] = context.link("\(path)/\(outcome.resource.id.lowercased)")
                response.isAsOf(receipt.sequence)
                return response
            case .many(let operations):
                return try await create(operations, existing, context)
            }
        }
    }

    private enum Creation {
        case one(Submission)
        case many([Transaction.Operation])
    }

    private func creation(_ kind: Kind, _ text: ByteBufferView, _ existing: ExistingResources) throws -> Creation {
        let bytes = text.withoutByteOrderMark
        if bytes.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "[") {
            return .many(try store.intake.creations(of: bytes, kind, existing: existing.action))
        }
        guard bytes.count <= Problem.maximumDocumentSize else {
            throw Problem.bodyTooLarge(Problem.maximumDocumentSize)
        }
        return .one(try store.intake.submission(of: bytes, kind, existing: existing.action))
    }

    private func create(
        _ operations: [Transaction.Operation],
        _ existing: ExistingResources,
        _ context: RouteContext
    ) async throws -> Response {
        do {
            let receipt = try await commit(operations, context)
            let outcomes = receipt.outcomes
            var response: Response
            if existing.isTold {
                let isCreation = outcomes.contains { $0.change == .created }
                response = .documents(count: outcomes.count, length: nil, status: isCreation ? .created : .ok) {
                    outcomes[$0].json(index: $0).bytes
                }
            } else {
                let documents = outcomes.map(\.written.document)
                let length = documents.reduce(0) { $0 + $1.count }
                response = .documents(count: documents.count, length: length, status: .created) { documents[$0] }
            }
            response.isAsOf(receipt.sequence)
            return response
        } catch let refusal as Refusal {
            throw Problem(refusal, of: "element") { "/\($0)" }
        }
    }

    private static func created(_ receipt: Receipt, at path: String, _ context: RouteContext) -> Response {
        var response = written(receipt, status: .created)
        response.headers[.location] = context.link("\(path)/\(receipt.outcomes[0].resource.id.lowercased)")
        return response
    }

    /// The resource that one operation has written.
    private static func written(_ receipt: Receipt, status: HTTPResponse.Status = .ok) -> Response {
        var response = Response.resource(receipt.outcomes[0].written, status: status)
        response.isAsOf(receipt.sequence)
        return response
    }

    private func replace(
        _ kind: Kind,
        at path: String,
        _ request: Request,
        _ context: RouteContext
    ) async throws -> Response {
        let reference = try context.parameter("ref")
        let conditions = try request.versionConditions()
        return try await request.withBody(context) { bytes in
            try store.intake.submission(
                of: JSONValue(parsing: bytes.readableBytesView),
                kind,
                replacing: kind.reference(reference)
            )
        } then: { submission in
            let operation = Transaction.Operation(.replace(kind.reference(reference), submission), if: conditions)
            let receipt = try await commit(operation, request, context)
            return receipt.outcomes[0].before == nil ? Self.created(receipt, at: path, context) : Self.written(receipt)
        }
    }

    private func patch(
        _ kind: Kind,
        _ request: Request,
        _ context: RouteContext
    ) async throws -> Response {
        let reference = kind.reference(try context.parameter("ref"))
        let conditions = try request.versionConditions()
        return try await request.withMergePatch(context) { patch in
            let operation = Transaction.Operation(.patch(kind, reference, patch), if: conditions)
            return Self.written(try await commit(operation, request, context))
        }
    }

    private func delete(
        _ kind: Kind,
        _ request: Request,
        _ context: RouteContext
    ) async throws -> Response {
        let reference = kind.reference(try context.parameter("ref"))
        let operation = Transaction.Operation(.delete(kind, reference), if: try request.versionConditions())
        let receipt = try await commit(operation, request, context)
        return Response(status: .noContent, headers: [.inventorySequence: String(receipt.sequence)])
    }

    /// Does what the request has conditions for.
    private func commit(
        _ operation: Transaction.Operation,
        _ request: Request,
        _ context: RouteContext
    ) async throws -> Receipt {
        do {
            return try await commit([operation], context)
        } catch let refusal as Refusal where refusal.problems.contains(where: { $0.reason == .unexpected }) {
            var problem = Problem(refusal)
            problem.detail += request.weakTagHint
            throw problem
        }
    }

    private func commit(_ operations: [Transaction.Operation], _ context: RouteContext) async throws -> Receipt {
        try await store.commit(
            Transaction(
                author: context.subject,
                origin: context.origin,
                idempotencyKey: context.idempotencyKey,
                operations
            )
        )
    }
}

extension Outcome {
    /// The resource of an operation that wrote one.
    fileprivate var written: StoredResource {
        guard let stored else { preconditionFailure("what an operation has written is stored") }
        return stored
    }
}
