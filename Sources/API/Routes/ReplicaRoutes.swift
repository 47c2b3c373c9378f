import HTTPSupport
import Hummingbird
import InventoryHTTP
import Journal
import NIOCore
import Records
import Replication
import Scheduling
import Schema
import Store
import Tokens

/// The servers that share a log: `/replicas`, `/replicas/lead`, which has another one lead, and `/journal`, from which others
/// get older history.
struct ReplicaRoutes {
    let store: InventoryStore
    let replica: ReplicaStatus

    /// Where the journal is read.
    private static let threads = BackgroundThreads(label: "journal parts")

    func add(to routes: inout RouteTable) {
        routes.logValues(of: ["to", "from", "through"])
        routes.add("/replicas", .get, .whoMay(.read)) { _, _ in .json(replicas.bytes) }
        routes.add("/journal", .get, .whoMay(.administer), parameters: ["from", "through"]) { _, context in
            try await journal(context)
        }
        routes.add(
            "/replicas/lead",
            .post,
            .whoMay(.administer),
            parameters: ["to"],
            // Nobody else knows which server was asked.
            atLeader: { _, context in "/replicas/lead?to=\(try heir(context).percentEncoded)" },
            handler: { _, context in
                let heir = try heir(context)
                try await store.moveLead(to: heir)
                return .json(JSONValue.object(["leader": .string(heir)]).bytes)
            }
        )
    }

    /// What the journal has from one number through another, as a segment: for others that have joined later.
    private func journal(_ context: RouteContext) async throws -> Response {
        let from = try context.query.value(of: "from") { try UInt64(sequenceNumber: $0) }
        guard let through = try context.query.value(of: "through", { try UInt64(sequenceNumber: $0) }) else {
            throw Problem(.badRequest, "The parameter through is missing: the number of the last transaction.")
        }
        let part = try await Self.threads.run { [journal = store.journal] in
            try journal.part(from: from, through: through)
        }
        guard let part else {
            throw Problem(.notFound, "The journal of this server does not have all of that.")
        }
        return Response(
            status: .ok,
            headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody(contentLength: part.size) { writer in
                try await writer.write(ByteBuffer(bytes: part.header))
                for piece in part.pieces {
                    try await writer.write(ByteBuffer(bytes: Self.threads.run { try piece.bytes() }))
                }
                try await writer.finish(nil)
            }
        )
    }

    private var replicas: JSONValue {
        var answer: JSONObject = ["replicas": .array(replica.replicas.map(\.json))]
        if let fault = replica.fault { answer["problem"] = .string(fault) }
        let waiting = replica.withheld.servers.sorted { $0.key < $1.key }.map { path, urls in
            JSONValue.object(["feature": .string(path), "for": .array(urls.map { .string($0) })])
        }
        if !waiting.isEmpty { answer["waiting"] = .array(waiting) }
        return .object(answer)
    }

    /// The address of the server that is to lead: the one that a request names, or else this one.
    private func heir(_ context: RouteContext) throws -> String {
        guard let name = try context.query.value(of: "to", { $0 }) else { return replica.url }
        let named = replica.replicas.filter { $0.url == name || $0.name == name }
        guard let heir = named.first else {
            throw Problem(.notFound, "There is no replica \(name); GET /replicas shows which there are.")
        }
        guard named.count == 1 else {
            throw Problem(.conflict, "Several replicas are called \(name); name one by its URL.")
        }
        guard heir.isAlive else {
            throw Problem(.conflict, "The replica \(name) has said nothing for \(heir.age) s.")
        }
        return heir.url
    }
}

extension Replica {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "url": .string(url), "leads": .bool(leads),
            "sequence": .number(JSONNumber(Int(sequence))), "behind": .number(JSONNumber(Int(behind))),
            "oldest": .number(JSONNumber(Int(oldest))), "since": .string(since), "age": .number(JSONNumber(age)),
        ]
    }
}
