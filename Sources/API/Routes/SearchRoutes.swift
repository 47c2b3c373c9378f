import HTTPSupport
import HTTPTypes
import Hummingbird
import Inventory
import InventoryHTTP
import Records
import Schema
import Store
import Tokens

/// Many resources of a kind at once: `/{Kind}`.
struct SearchRoutes {
    let store: InventoryStore

    /// Adds the routes of a kind.
    ///
    /// - Parameter path: The kind's path, such as `/inventory/ComputeNode`.
    func add(_ kind: Kind, at path: String, to routes: inout RouteTable) {
        routes.logValues(of: SearchRequest.harmlessParameters)
        routes.add(path, .get, .open, parameters: nil) { request, context in
            try await find(kind, at: path, request, context)
        }
        let conditions = RouteConditions.refused(
            instead:
                "Give expect=N, how many resources must match, or POST /transactions with a version for each resource."
        )
        routes.add(
            path,
            .patch,
            .whoMay(.write),
            conditions: conditions,
            parameters: nil,
            atLeader: RouteTable.sameTarget
        ) { request, context in
            let wanted = try Self.change(kind, request)
            return try await request.withMergePatch(context) { patch in
                try await change(wanted, context) { .patch(kind, $0, patch) }
            }
        }
        routes.add(
            path,
            .delete,
            .whoMay(.write),
            conditions: conditions,
            parameters: nil,
            atLeader: RouteTable.sameTarget
        ) { request, context in
            try await change(Self.change(kind, request), context) { .delete(kind, $0) }
        }
    }

    private func find(
        _ kind: Kind,
        at path: String,
        _ request: Request,
        _ context: RouteContext
    ) async throws -> Response {
        let wanted = try SearchRequest(kind, request)
        let reader = store.reader(at: wanted.moment, for: context.caller)
        if wanted.countsOnly {
            let (count, sequence) = try await context.whileClientWaits { try await reader.count(wanted.search) }
            var response = Response.json(JSONValue.object(["count": .number(JSONNumber(count))]).bytes)
            response.isAsOf(sequence)
            return response
        }
        let form = try ListForm(request)
        if let unchanged = try await unchanged(wanted, form, reader, request, context) { return unchanged }
        let result = try await context.whileClientWaits { try await reader.search(wanted.search) }
        var response = Self.list(result.resources, wanted.selection, form)
        response.headers[.eTag] = "\"\(form.entityTag(result.lastChange, of: store.inventory))\""
        response.isAsOf(result.sequence)
        if let query = wanted.query(of: result) {
            response.headers[.link] = "<\(context.link(path))?\(query)>; rel=\"next\""
        }
        return response.compressed(for: request, dependingOn: "Accept", context)
    }

    /// Resources as a client wants them.
    private static func list(_ found: ResourceList, _ selection: FieldSelection?, _ form: ListForm) -> Response {
        let length = selection == nil ? found.documentLength : nil
        let document: @Sendable (Int) -> [UInt8] = { index in
            selection?.document(of: found[index].stored) ?? found.document(at: index)
        }
        return form.isLines
            ? .lines(count: found.count, length: length, document: document)
            : .documents(count: found.count, length: length, document: document)
    }

    /// The answer to a client that has the list already, without a search; nil for one that gets it.
    ///
    /// - Throws: ``Problem`` 412 for a client that wants the list only as it was.
    private func unchanged(
        _ wanted: SearchRequest,
        _ form: ListForm,
        _ reader: InventoryReader,
        _ request: Request,
        _ context: RouteContext
    ) async throws -> Response? {
        let (match, noneMatch) = (try request.entityTags(.ifMatch), try request.entityTags(.ifNoneMatch))
        guard match != nil || noneMatch != nil,
            let (lastChange, sequence) = reader.lastChange(of: wanted.search)
        else { return nil }
        let tag = form.entityTag(lastChange, of: store.inventory)
        let isWanted = match?.matchStrongly(tag) ?? true
        // Whoever gets the list learns its number with it.
        if isWanted, noneMatch?.match(tag) != true { return nil }
        let then = sequence == nil ? try await context.whileClientWaits { try await reader.sequence() } : sequence
        var headers: HTTPFields = [.eTag: "\"\(tag)\"", .vary: ListForm.vary]
        headers[.inventorySequence] = then.map { String($0) }
        guard isWanted else {
            throw Problem(
                .preconditionFailed,
                "The list has changed: its ETag is \"\(tag)\".\(request.weakTagHint)",
                headers: headers
            )
        }
        return Response(status: .notModified, headers: headers)
    }

    /// What a request wants to be changed, if it says so clearly enough.
    private static func change(_ kind: Kind, _ request: Request) throws -> SearchRequest {
        let wanted = try SearchRequest(kind, request, writes: true)
        let method = request.method.rawValue
        guard !wanted.search.hasNoConditions else {
            throw Problem(.badRequest, "Refusing to \(method) every \(kind.name); add a condition.")
        }
        guard wanted.expected != nil || wanted.search.limit != nil else {
            throw Problem(
                .badRequest,
                "To \(method) by a search, give expect=N, how many resources must match, or limit=N, how many to change at most."
            )
        }
        return wanted
    }

    private func change(
        _ wanted: SearchRequest,
        _ context: RouteContext,
        _ action: @escaping @Sendable (Kind.Reference) -> Transaction.Action
    ) async throws -> Response {
        let writer = context.writer
        let (receipt, sequence): (Receipt, UInt64)
        do {
            (receipt, sequence) = try await store.commit(
                wanted.search,
                expecting: wanted.expected,
                for: writer,
                idempotencyKey: context.idempotencyKey,
                isDryRun: wanted.isDryRun,
                action
            )
        } catch let refusal as Refusal {
            // The messages say which resource it was, which no pointer does.
            throw Problem(Refusal(refusal.problems.map(\.inWords))) { _ in "" }
        }
        var answer: JSONObject = [
            "matched": .number(JSONNumber(receipt.outcomes.count)), "changed": .number(JSONNumber(receipt.changeCount)),
            "as_of": .number(JSONNumber(Int(sequence))),
        ]
        if wanted.isDryRun {
            answer["dry_run"] = .bool(true)
        } else {
            answer["sequence"] = .number(JSONNumber(Int(receipt.sequence)))
        }
        var response = Response.json(JSONValue.object(answer).bytes)
        response.isAsOf(receipt.sequence)
        return response
    }
}

extension Refusal.Problem {
    /// The same with the violations in the message.
    fileprivate var inWords: Self {
        var problem = self
        problem.message = ([message] + violations.map(\.description)).joined(separator: " ")
        problem.violations = []
        return problem
    }
}
