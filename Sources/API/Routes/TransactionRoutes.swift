import HTTPSupport
import HTTPTypes
import Hummingbird
import Inventory
import InventoryHTTP
import Records
import Schema
import Store
import Tokens

/// Changes of any kinds, all or none: `/transactions`.
struct TransactionRoutes {
    let store: InventoryStore

    func add(to routes: inout RouteTable) {
        routes.logValues(of: ["dry_run"])
        let conditions = RouteConditions.refused(instead: "Give each change a version instead.")
        routes.add(
            "/transactions",
            .post,
            .whoMay(.write),
            conditions: conditions,
            parameters: ["dry_run"],
            atLeader: RouteTable.sameTarget
        ) {
            request,
            context in
            let isDryRun = try context.query.flag("dry_run")
            return try await request.withBody(context, atMost: Problem.maximumBodySize) { bytes in
                try TransactionBody(bytes.readableBytesView, for: store)
            } then: { body in
                try await commit(body, isDryRun: isDryRun, context)
            }
        }
    }

    private func commit(
        _ body: TransactionBody,
        isDryRun: Bool,
        _ context: RouteContext
    ) async throws -> Response {
        let transaction = Transaction(
            author: context.subject,
            origin: context.origin,
            reason: body.reason,
            idempotencyKey: context.idempotencyKey,
            isDryRun: isDryRun,
            body.changes.map(\.operation)
        )
        do {
            let receipt = try await store.commit(transaction)
            var answer: JSONObject = ["changes": .array(receipt.outcomes.map(\.summary))]
            if isDryRun {
                answer["dry_run"] = .bool(true)
            } else {
                answer["sequence"] = .number(JSONNumber(Int(receipt.sequence)))
            }
            var response = Response.json(JSONValue.object(answer).bytes)
            response.isAsOf(receipt.sequence)
            return response
        } catch let refusal as Refusal {
            throw Problem(refusal, of: "change") { "/changes/\($0)/\(body.changes[$0].member)" }
        }
    }
}

/// The body of a request to `/transactions`:
/// `{"reason":"…","changes":[{"op":"patch","kind":"ComputeNode","ref":"x1000c0s0b0n0","version":7,"patch":{…}}]}`.
private struct TransactionBody {
    private(set) var reason: String?
    private(set) var changes: [Change] = []

    struct Change {
        var operation: Transaction.Operation
        /// The member of the change that says what is to be.
        var member: String
    }

    /// Reads the changes until as much is wrong with them as is reported.
    ///
    /// - Throws: ``JSONParseError``; ``Problem`` 400 that says where the body is not of its form; ``Refusal`` for more
    ///   changes than a transaction may have.
    init(_ bytes: some Collection<UInt8>, for store: InventoryStore) throws {
        let limits = store.intake.limits
        var refusedCount = 0
        let rest = try JSONValue.parse(bytes, elementsOf: "changes") { json, text in
            guard changes.count < limits.changes else { throw limits.tooMany }
            let pointer = JSONPointer(["changes"]).appending(changes.count)
            let change = try Self.change(json, size: text.count, at: pointer, for: store)
            changes.append(change)
            if case .refuse = change.operation.action { refusedCount += 1 }
            return refusedCount < Problem.maximumErrors
        }
        guard let rest else { return }
        let body = try MemberReader(rest, at: JSONPointer(), members: ["reason", "changes"])
        reason = try body.text("reason")
        guard case .array? = body.object["changes"] else {
            throw Self.malformed(JSONPointer(["changes"]), "must be an array of changes")
        }
    }

    private static func change(
        _ json: JSONValue,
        size: Int,
        at pointer: JSONPointer,
        for store: InventoryStore
    ) throws(Problem) -> Change {
        let names = ["op", "kind", "ref", "document", "patch", "version"]
        let change = try MemberReader(json, at: pointer, members: names)
        guard let kind = try change.text("kind").flatMap(Kind.init(clientName:)) else {
            throw malformed(
                pointer.appending("kind"),
                "must be one of \(Kind.allCases.map(\.name).joined(separator: ", "))"
            )
        }
        let version = try change.number("version").map { [VersionCondition.isAny(of: [$0])] } ?? []
        let reference = try change.text("ref")
        switch (try change.text("op"), reference) {
        case ("put", nil):
            try change.refuse("version", "patch")
            let document = try change.value("document")
            return Change(
                operation: operation { () throws(Refusal) in
                    .create(try store.intake.submission(of: document, kind))
                },
                member: "document"
            )
        case ("put", let reference?):
            try change.refuse("patch")
            let document = try change.value("document")
            var put = operation { () throws(Refusal) in
                .replace(
                    kind.reference(reference),
                    try store.intake.submission(
                        of: document,
                        kind,
                        replacing: kind.reference(reference)
                    )
                )
            }
            put.conditions = version
            return Change(operation: put, member: "document")
        case ("patch", let reference?):
            try change.refuse("document")
            let patch = MergePatch(try change.value("patch"), size: size)
            let operation = Transaction.Operation(.patch(kind, kind.reference(reference), patch), if: version)
            return Change(operation: operation, member: "patch")
        case ("delete", let reference?):
            try change.refuse("document", "patch")
            let operation = Transaction.Operation(.delete(kind, kind.reference(reference)), if: version)
            return Change(operation: operation, member: "ref")
        case ("patch", nil), ("delete", nil): throw malformed(pointer.appending("ref"), "is required")
        default: throw malformed(pointer.appending("op"), "must be put, patch or delete")
        }
    }

    /// An operation, or why the document for it is refused.
    private static func operation(_ action: () throws(Refusal) -> Transaction.Action) -> Transaction.Operation {
        do throws(Refusal) {
            return Transaction.Operation(try action())
        } catch {
            return Transaction.Operation(.refuse(error))
        }
    }

    fileprivate static func malformed(_ pointer: JSONPointer, _ message: String) -> Problem {
        var problem = Problem(.badRequest, "The transaction is malformed at \(pointer): it \(message).")
        problem.errors = [(pointer.description, message)]
        return problem
    }
}

/// Reads members of an object that a client has sent.
private struct MemberReader {
    let object: JSONObject
    let pointer: JSONPointer

    init(_ json: JSONValue, at pointer: JSONPointer, members: [String]) throws(Problem) {
        guard case .object(let object) = json else { throw TransactionBody.malformed(pointer, "must be an object") }
        for member in object where !members.contains(member.key) {
            throw TransactionBody.malformed(
                pointer.appending(member.key),
                "is not one of \(members.joined(separator: ", "))"
            )
        }
        self.object = object
        self.pointer = pointer
    }

    func text(_ name: String) throws(Problem) -> String? {
        switch object[name] {
        case nil: return nil
        case .string(let text): return text
        default: throw TransactionBody.malformed(pointer.appending(name), "must be a string")
        }
    }

    func number(_ name: String) throws(Problem) -> UInt64? {
        guard let value = object[name] else { return nil }
        guard case .number(let number) = value, let number = number.int.flatMap(UInt64.init(exactly:)) else {
            throw TransactionBody.malformed(pointer.appending(name), "must be a sequence number")
        }
        return number
    }

    func value(_ name: String) throws(Problem) -> JSONValue {
        guard let value = object[name] else { throw TransactionBody.malformed(pointer.appending(name), "is required") }
        return value
    }

    func refuse(_ names: String...) throws(Problem) {
        for name in names where object[name] != nil {
            throw TransactionBody.malformed(pointer.appending(name), "cannot be given for such a change")
        }
    }
}

extension Outcome {
    /// What became of a resource, as clients get it.
    fileprivate var summary: JSONValue {
        var summary: JSONObject = ["kind": .string(resource.kind.name), "id": .string(resource.id.lowercased)]
        if let stored { summary["version"] = .number(JSONNumber(Int(stored.version))) }
        return .object(summary)
    }
}
