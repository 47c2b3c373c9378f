import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import InventoryHTTP
import Journal
import Records
import Schema
import Store
import Tokens

/// What the inventory was: `/diff` compares two moments, `/restore` goes back to one.
struct PastRoutes {
    let store: InventoryStore

    func add(to routes: inout RouteTable) {
        routes.logValues(of: ["from", "to", "at", "dry_run"])
        routes.add("/diff", .get, .whoMay(.read), parameters: ["from", "to"]) { request, context in
            guard let from = try context.query.value(of: "from", Moment.init) else {
                throw Problem(
                    .badRequest,
                    "The parameter from is missing: a time, a sequence number or a snapshot's id."
                )
            }
            let to = try context.query.value(of: "to", Moment.init) ?? .sequence(store.journal.sequence)
            return try await difference(from: from, to: to, request, context)
        }
        routes.add(
            "/restore",
            .post,
            .whoMay(.administer),
            parameters: ["at", "dry_run"],
            atLeader: { _, context in try await leaderTarget(of: Self.moment(context), context) },
            handler: { request, context in
                try await restore(
                    to: Self.moment(context),
                    isDryRun: context.query.flag("dry_run"),
                    request,
                    context
                )
            }
        )
    }

    private static func moment(_ context: RouteContext) throws -> Moment {
        guard let moment = try context.query.value(of: "at", Moment.init) else {
            throw Problem(.badRequest, "The parameter at is missing: a time, a sequence number or a snapshot's id.")
        }
        return moment
    }

    /// What the server that leads is asked for: a moment by its number, since each server has snapshots of its own.
    ///
    /// - Returns: Nil for what only looks.
    func leaderTarget(of moment: Moment, _ context: RouteContext) async throws -> String? {
        guard try !context.query.flag("dry_run") else { return nil }
        let reader = store.reader(at: moment, for: context.caller)
        return try await reader.sequence().map { "/restore?at=\($0)" }
    }

    private func difference(
        from: Moment,
        to: Moment,
        _ request: Request,
        _ context: RouteContext
    ) async throws -> Response {
        let caller = context.caller
        let difference = try await context.whileClientWaits {
            try await store.difference(from: from, to: to, for: caller)
        }
        return .json(pieces: difference.jsonPieces).compressed(for: request, context)
    }

    /// Makes the inventory what it was, or says what that would change.
    func restore(
        to moment: Moment,
        isDryRun: Bool,
        _ request: Request,
        _ context: RouteContext
    ) async throws -> Response {
        let reason = try await reason(request, context)
        if isDryRun {
            return try await difference(from: .sequence(store.journal.sequence), to: moment, request, context)
        }
        let (writer, key) = (context.writer, context.idempotencyKey)
        let difference = try await context.whileClientWaits {
            try await store.restore(to: moment, for: writer, idempotencyKey: key, reason: reason)
        }
        var response = Response.json(
            JSONValue.object([
                "sequence": .number(JSONNumber(Int(difference.to))), "summary": difference.summary,
            ]).bytes
        )
        response.isAsOf(difference.to)
        return response
    }

    /// Why, from a body such as `{"reason":"…"}`, which may be missing.
    private func reason(_ request: Request, _ context: RouteContext) async throws -> String? {
        guard request.headers[.contentLength].map({ $0 != "0" }) ?? (request.headers[.transferEncoding] != nil) else {
            return nil
        }
        let body = try await request.withBody(context) {
            try JSONValue(parsing: $0.readableBytesView)
        } then: {
            $0
        }
        guard case .object(let members) = body, members.allSatisfy({ $0.key == "reason" }) else {
            throw Problem(.badRequest, #"The body must be an object such as {"reason":"…"}."#)
        }
        switch members["reason"] {
        case nil: return nil
        case .string(let reason): return reason
        default: throw Problem(.badRequest, "The reason must be a string.")
        }
    }
}
