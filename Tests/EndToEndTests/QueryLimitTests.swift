import Foundation
import RawHTTP
import Schema
import Synchronization
import TestSupport
import Testing

@Suite("Queries without measure", .timeLimit(.minutes(10)))
struct QueryLimitTests {
    private func filled(_ arguments: String...) async throws -> ServerProcess {
        let server = try await ServerProcess(in: Workspace(), arguments)
        let nodes = (0..<200).map {
            #"{"hostname":"n\#($0)","architecture":"a","xname":"x1000c0s\#($0 % 50)b\#($0 / 50)n0"}"#
        }
        #expect(try server.write("POST", "/ComputeNode", "[\(nodes.joined(separator: ","))]").status == 201)
        return server
    }

    private static let endless =
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t"
    private static let large = [
        "SELECT length(repeat('x', 3000000000))",
        "SELECT sum(hash(a.id, b.id, c.id, d.id)) FROM compute_nodes a, compute_nodes b, compute_nodes c, compute_nodes d",
        endless, "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT list(n) FROM t",
        "SELECT list(a.range) FROM range(100000) a, range(100000) b",
        "SELECT string_agg(repeat('y', 1000000)) FROM range(10000)",
    ]

    @Test("get a clear error each, ten of each at once, and others are answered meanwhile")
    func large() async throws {
        let server = try await filled("--query-timeout", "2s", "--query-memory", "128MiB")
        let statements = Self.large.flatMap { Array(repeating: $0, count: 10) }
        let work = statements.map { sql in ThreadedWork { (sql, try server.query(sql)) } }
        for _ in 0..<50 { #expect(try server.request("GET", "/ComputeNode/x1000c0s0b0n0").status == 200) }
        for one in work {
            let (sql, answer) = try await one.result
            #expect([400, 503, 504].contains(answer.status), "\(sql): \(answer.text.prefix(200))")
            #expect(try JSONValue(parsing: answer.body)["detail"] != nil, "\(sql)")
        }
        #expect(try server.write("PATCH", "/ComputeNode/x1000c0s0b0n0", #"{"hostname":"m"}"#).status == 200)
    }

    @Test("are told the limit that they met")
    func limits() async throws {
        let server = try await filled("--query-max-rows", "100", "--query-max-size", "20kB", "--query-timeout", "4m")
        for accept in ["application/json", "application/vnd.apache.parquet"] {
            let rows = try server.query("SELECT id FROM compute_nodes", accept: accept)
            #expect(rows.status == 400)
            #expect(rows.text.contains("more than the 100 rows"), "\(rows.text)")
            let size = try server.query(
                "SELECT string_agg(uuid()::VARCHAR) FROM range(1000)",
                accept: accept
            )
            #expect(size.status == 400)
            #expect(size.text.contains("more than the 20000 bytes"), "\(size.text)")
        }
        let hurried = try await filled("--query-timeout", "1s")
        let late = try hurried.query(Self.large[1])
        #expect(late.status == 504)
        #expect(late.text.contains("longer than the 1 s"), "\(late.text)")
    }

    @Test("end when nobody wants their answer any more")
    func leaving() async throws {
        let server = try await filled("--query-timeout", "10m")
        var connection: HTTPConnection? = try HTTPConnection(port: server.port)
        try connection?.send(
            "POST",
            "/query",
            token: server.clientToken(),
            headers: ["Content-Type": "application/json"],
            body: JSONValue.object(["sql": .string(Self.large[1])]).text
        )
        while try server.workers.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        connection = nil
        while try !server.workers.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        #expect(try server.rows("SELECT count(*) FROM compute_nodes") == [[200]])
        #expect(server.stop() == 0)
    }

    @Test("or any others lose nothing when their processes are killed ten times a second, but what was being sent")
    func killing() async throws {
        let server = try await filled("--query-timeout", "5m", "--query-workers", "3")
        let isOver = Shared(false)
        let kills = Shared(0)
        let killer = ThreadedWork {
            var random = SeededGenerator(seed: 10)
            let end = ContinuousClock.now + .seconds(5)
            while .now < end {
                if let worker = try server.workers.randomElement(using: &random) {
                    kill(worker, SIGKILL)
                    kills.change { $0 += 1 }
                }
                Thread.sleep(forTimeInterval: 0.1)
            }
            isOver.change { $0 = true }
        }
        let clients = (0..<4).map { client in
            ThreadedWork {
                var count = 0
                while !isOver.value {
                    let body = #"{"hostname":"c\#(client)-\#(count)"}"#
                    let path = "/ComputeNode/x1000c0s\(client)b0n0"
                    guard try server.write("PATCH", path, body).status == 200 else { return -1 }
                    let answer = try server.query(
                        "SELECT hostname FROM compute_nodes WHERE xname = ?",
                        [.string("x1000c0s\(client)b0n0")]
                    )
                    #expect(answer.status == 200, "\(answer.text)")
                    #expect(try JSONValue(parsing: answer.body)["rows"] == [[.string("c\(client)-\(count)")]])
                    count += 1
                }
                return count
            }
        }
        for client in clients { #expect(try await client.result > 0) }
        try await killer.result
        #expect(kills.value > 0)
        #expect(try server.rows("SELECT count(*) FROM compute_nodes") == [[200]])
    }
}
