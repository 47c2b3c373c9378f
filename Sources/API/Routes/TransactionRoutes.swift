import HTTPTypes
import Hummingbird
import Inventory
import Schema
import Store

/// Changes of any kinds, all or none: `/transactions`.
struct TransactionRoutes {
    let store: InventoryStore

    func add(to routes: inout RouteTable) {
        routes.add("/transactions", .post) { request, context in
            let isDryRun = try request.queryParameters(of: "dry_run").flag("dry_run")
            let body = try TransactionBody(try await request.json())
            let operations = body.changes.map { operation(of: $0) }
            let transaction = Transaction(
                author: context.subject,
                reason: body.reason,
                isDryRun: isDryRun,
                operations
            )
            do {
                let receipt = try await store.commit(transaction)
                var answer: JSONObject = ["changes": .array(receipt.outcomes.map(\.summary))]
                if isDryRun {
                    answer["dry_run"] = .bool(true)
                } else {
                    answer["sequence"] = .number(JSONNumber(Int(receipt.sequence)))
                }
                return .json(JSONValue.object(answer).bytes)
            } catch let refusal as Refusal {
                throw Problem(refusal) { "/changes/\($0)/\(body.changes[$0].content.member)" }
            }
        }
    }

    private func operation(of change: TransactionBody.Change) -> Transaction.Operation {
        let kind = change.kind
        do throws(Refusal) {
            let action: Transaction.Action =
                switch change.content {
                case .create(let document): .create(try store.intake.submission(of: document, kind))
                case .put(let reference, let document):
                    .replace(
                        kind.reference(reference),
                        try store.intake.submission(
                            of: document,
                            kind,
                            replacing: store.resource(kind, reference)?.stored.json
                        )
                    )
                case .patch(let reference, let patch): .patch(kind, kind.reference(reference), patch)
                case .delete(let reference): .delete(kind, kind.reference(reference))
                }
            return Transaction.Operation(action, if: change.version.map { [.isAny(of: [$0])] } ?? [])
        } catch {
            return Transaction.Operation(.refuse(error))
        }
    }
}

/// The body of a request to `/transactions`:
/// `{"reason":"…","changes":[{"op":"patch","kind":"ComputeNode","ref":"x1000c0s0b0n0","version":7,"patch":{…}}]}`.
private struct TransactionBody {
    var reason: String?
    var changes: [Change] = []

    struct Change {
        var kind: Kind
        var content: Content
        /// The version that the resource must have.
        var version: UInt64?
    }

    enum Content {
        /// A put without a reference.
        case create(JSONValue)
        case put(String, JSONValue)
        case patch(String, JSONValue)
        case delete(String)

        /// The member of the change that says what is to be.
        var member: String {
            switch self {
            case .create, .put: "document"
            case .patch: "patch"
            case .delete: "ref"
            }
        }
    }

    /// - Throws: ``Problem`` 400 that says where the body is not of its form.
    init(_ json: JSONValue) throws(Problem) {
        let body = try MemberReader(json, at: JSONPointer(), members: ["reason", "changes"])
        reason = try body.text("reason")
        guard case .array(let elements)? = body.object["changes"] else {
            throw Self.malformed(JSONPointer(["changes"]), "must be an array of changes")
        }
        for (index, element) in elements.enumerated() {
            changes.append(try Self.change(element, at: JSONPointer(["changes"]).appending(index)))
        }
    }

    private static func change(_ json: JSONValue, at pointer: JSONPointer) throws(Problem) -> Change {
        let names = ["op", "kind", "ref", "document", "patch", "version"]
        let change = try MemberReader(json, at: pointer, members: names)
        guard let kind = try change.text("kind").flatMap(Kind.init(name:)) else {
            throw malformed(
                pointer.appending("kind"),
                "must be one of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        let reference = try change.text("ref")
        let content: Content
        switch (try change.text("op"), reference) {
        case ("put", nil):
            try change.refuse("version", "patch")
            content = .create(try change.value("document"))
        case ("put", let reference?):
            try change.refuse("patch")
            content = .put(reference, try change.value("document"))
        case ("patch", let reference?):
            try change.refuse("document")
            content = .patch(reference, try change.value("patch"))
        case ("delete", let reference?):
            try change.refuse("document", "patch")
            content = .delete(reference)
        case ("patch", nil), ("delete", nil): throw malformed(pointer.appending("ref"), "is required")
        default: throw malformed(pointer.appending("op"), "must be put, patch or delete")
        }
        return Change(kind: kind, content: content, version: try change.number("version"))
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
                "is none of \(members.joined(separator: ", "))"
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
            throw TransactionBody.malformed(pointer.appending(name), "is not for such a change")
        }
    }
}

extension Outcome {
    /// What became of a resource, as clients get it.
    fileprivate var summary: JSONValue {
        var summary: JSONObject = ["kind": .string(resource.kind.rawValue), "id": .string(resource.id.lowercased)]
        if let stored { summary["version"] = .number(JSONNumber(Int(stored.version))) }
        return .object(summary)
    }
}
