import DuckDB
import Foundation
import RawHTTP
import Schema

extension Benchmark {
    private static let queries = [
        ("count by architecture", "SELECT architecture, count(*) FROM compute_nodes GROUP BY ALL"),
        ("one node by xname", "SELECT * FROM compute_nodes WHERE xname = 'x1000c0s0b0n0'"),
        (
            "interfaces by model",
            "SELECT i.model, count(*) FROM (SELECT unnest(network_interfaces) AS i FROM compute_nodes) GROUP BY ALL"
        ),
    ]

    /// Measures SQL of users against bare DuckDB on the same files.
    ///
    /// - Parameter constant: The constant route's time for a request, in seconds.
    mutating func queries(_ server: Server, _ references: References, constant: Double) throws {
        let client = try HTTPConnection(port: server.port)
        let token = try server.token()
        let files = try snapshot(server)
        let database = try Database()
        try database.connect().execute(
            "CREATE VIEW compute_nodes AS FROM read_parquet(\(files.appending(path: "ComputeNode.parquet").path.quotedLiteral))"
        )
        for (name, sql) in Self.queries {
            let limit = try Limits.query(sql, [], on: database)
            let figure = try (0..<20).map { _ in try Self.query(sql, client, token) }.min() ?? .zero
            add("query over HTTP: \(name)", figure, limit * 2 + .seconds(constant), atMost: 1)
        }
        try Self.changeNodes(references, count: 10_000, client, token)
        let behind = try Self.query(Self.queries[0].1, client, token)
        add("query right after 10,000 changes", behind, .milliseconds(500), atMost: 1)
        let laidOver = try (0..<20).map { _ in try Self.query(Self.queries[0].1, client, token) }.min() ?? .zero
        let limit = try Limits.query(Self.queries[0].1, [], on: database)
        add("query with 10,000 changes laid over", laidOver, limit * 2 + .seconds(constant), atMost: 4)
        for worker in try server.queryWorkers() { kill(worker, SIGKILL) }
        let first = try Self.query(Self.queries[0].1, client, token)
        add("first query of a process, 10,000 changes behind", first, .milliseconds(500), atMost: 1)
        try history(server, client, token)
        try withoutMeasure(server, references)
    }

    private static func query(_ sql: String, _ client: HTTPConnection, _ token: String) throws -> Duration {
        let body = JSONValue.object(["sql": .string(sql)]).text
        let start = ContinuousClock.now
        let answer = try client.request("POST", "/query", token: token, body)
        let duration = ContinuousClock.now - start
        guard answer.status == 200 else {
            throw BenchmarkError("a query failed: \(String(decoding: answer.body, as: UTF8.self))")
        }
        return duration
    }

    private static func changeNodes(
        _ references: References,
        count: Int,
        _ client: HTTPConnection,
        _ token: String
    ) throws {
        let changes = references.ids.prefix(count).map {
            #"{"op":"patch","kind":"ComputeNode","ref":"\#($0)","patch":{"description":"\#(UUID())"}}"#
        }
        let body = #"{"changes":[\#(changes.joined(separator: ","))]}"#
        guard try client.request("POST", "/transactions", token: token, body).status == 200 else {
            throw BenchmarkError("\(count) nodes were not changed")
        }
    }

    /// Powered-on nodes per cabinet over 24 snapshots, each of which has files of its own.
    private mutating func history(_ server: Server, _ client: HTTPConnection, _ token: String) throws {
        let on = #"{"status":{"power_state":{"on":true}}}"#
        let path = "/ComputeNode?arch=x86_64&limit=1000000"
        guard try client.request("PATCH", path, token: token, on).status == 200 else {
            throw BenchmarkError("the nodes were not switched on")
        }
        for round in 0..<24 {
            let body = #"{"description":"\#(round)"}"#
            guard try client.request("PATCH", "/ComputeNode/x1000c0s0b0n0", token: token, body).status == 200 else {
                throw BenchmarkError("a node was not changed")
            }
            guard try client.request("POST", "/snapshots", token: token).status == 201 else {
                throw BenchmarkError("no snapshot was taken")
            }
        }
        let sql =
            "SELECT snapshot, regexp_extract(xname, '^x[0-9]+') AS cabinet, count(*) FROM history_compute_nodes "
            + "WHERE status.power_state.on GROUP BY ALL"
        for worker in try server.queryWorkers() { kill(worker, SIGKILL) }
        _ = try Self.query("SELECT 1", client, token)
        let rest = try server.queryWorkers().map { try Server.memory(of: $0).now }.max() ?? 0
        let first = try Self.query(sql, client, token)
        let again = try Self.query(sql, client, token)
        table.add("powered-on nodes per cabinet over 24 snapshots, first time, in s", first.inSeconds, 10, atMost: 1)
        table.add("the same once more, in s", again.inSeconds, 5, atMost: 1)
        let peak = try server.queryWorkers().map { try Server.memory(of: $0).peak }.max() ?? 0
        let size = try Limits.memory(of: Limits.load(snapshot(server)).database)
        table.add("memory for it, against two snapshots in tables", peak - rest, 2 * size, atMost: 1)
    }

    /// Lookups beside statements that want everything there is.
    private mutating func withoutMeasure(_ server: Server, _ references: References) throws {
        let paths = references.ids.shuffled().map { "/ComputeNode/\($0)" }
        let alone = try Wrk(port: server.port, paths: paths, seconds: Self.httpSeconds)
        let statements = [
            "SELECT length(repeat('x', 3000000000))",
            "SELECT sum(hash(a.id, b.id, c.id)) FROM compute_nodes a, compute_nodes b, compute_nodes c",
            "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t",
        ]
        let isOver = Flag()
        let group = DispatchGroup()
        let (port, token) = (server.port, try server.token())
        for sql in statements.flatMap({ Array(repeating: $0, count: 10) }) {
            Self.inBackground(group) {
                while !isOver.isSet {
                    let client = try HTTPConnection(port: port)
                    let body = JSONValue.object(["sql": .string(sql)]).text
                    let status = try client.request("POST", "/query", token: token, body).status
                    guard [400, 503, 504].contains(status) else { throw BenchmarkError("\(sql) gave \(status)") }
                }
            }
        }
        let busy = try Wrk(port: server.port, paths: paths, seconds: 4 * Self.httpSeconds)
        isOver.set()
        group.wait()
        table.add("p99 of GET beside queries without measure, in µs", busy.p99, alone.p99, atMost: 3)
    }
}
