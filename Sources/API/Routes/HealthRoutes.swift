import HTTPSupport
import Hummingbird
import Inventory
import InventoryHTTP
import Journal
import Metrics
import Records
import Replication
import Schema
import Store

/// How the server is: `/healthz`, `/readyz` and `/metrics`.
struct HealthRoutes {
    let store: InventoryStore
    let metrics: PrometheusRegistry
    /// Whether the metrics need no token where other reads do.
    let isOpen: Bool

    func add(to routes: inout RouteTable) {
        // Whoever looks after servers may put into the query what it likes, such as a time.
        routes.add("/healthz", .get, .always, parameters: nil) { _, _ in .json(Array(#"{"status":"alive"}"#.utf8)) }
        // The server begins to listen when the inventory is loaded.
        routes.add("/readyz", .get, .always, parameters: nil) { request, _ in
            if let replica = store.replica { return try Self.readiness(of: replica, request) }
            if let problem = store.journal.problem {
                throw Problem(.serviceUnavailable, "The server cannot write: \(problem.reason).")
            }
            return .json(Array(#"{"status":"ready"}"#.utf8))
        }
        routes.add("/metrics", .get, isOpen ? .always : .open) { _, _ in
            for kind in Kind.allCases {
                Gauge(label: "inventory_resources", dimensions: [("kind", kind.name)])
                    .record(store.count(kind))
                for (rule, count) in store.brokenRuleCounts(kind) {
                    Gauge(label: "inventory_irregular_resources", dimensions: [("kind", kind.name), ("rule", rule)])
                        .record(count)
                }
            }
            Gauge(label: "inventory_sequence").record(store.journal.sequence)
            Gauge(label: "journal_size_bytes").record(store.journal.size)
            Gauge(label: "journal_clock_behind_seconds").record(store.journal.clockLag)
            Gauge(label: "journal_writable").record(store.journal.problem == nil ? 1 : 0)
            if let replica = store.replica {
                Gauge(label: "replica_leads").record(replica.role == .leader ? 1 : 0)
                if let staleness = replica.staleness { Gauge(label: "replica_staleness_seconds").record(staleness) }
            }
            if let age = store.snapshotAge { Gauge(label: "snapshot_age_seconds").record(age) }
            return Response(
                status: .ok,
                headers: [.contentType: PrometheusRegistry.contentType],
                body: .init(byteBuffer: ByteBuffer(string: metrics.text))
            )
        }
    }
    /// A server that shares a log is ready while it can answer reads, unless what it knows is older than whoever asks wants.
    private static func readiness(of replica: ReplicaStatus, _ request: Request) throws -> Response {
        let staleness = replica.staleness
        let limit = try request.queryParameters().first { $0.name == staleParameter }.map { parameter in
            guard
                let seconds = Double(
                    parameter.value.hasSuffix("s") ? String(parameter.value.dropLast()) : parameter.value
                ),
                seconds >= 0
            else { throw Problem(.badRequest, "The value of \(staleParameter) must be a time such as 10s.") }
            return seconds
        }
        let age = staleness.map { "\((($0 * 10).rounded()) / 10) s" } ?? "an unknown time"
        if let limit, staleness ?? .infinity > limit {
            throw Problem(
                .serviceUnavailable,
                "The server has not known for \(age) whether the log has more.",
                headers: Problem.retrySoon
            )
        }
        var answer: JSONObject = ["status": .string("ready")]
        if let staleness { answer["staleness"] = .number(JSONNumber((staleness * 1000).rounded() / 1000)) }
        return .json(JSONValue.object(answer).bytes)
    }

    private static let staleParameter = "max-staleness"
}
