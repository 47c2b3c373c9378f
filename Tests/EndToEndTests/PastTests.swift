import Foundation
import RawHTTP
import Schema
import TestSupport
import Testing

@Suite("What was", .timeLimit(.minutes(5)))
struct PastTests {
    private static let path = "/ComputeNode/x1000c0s0b0n0"

    private static func node(_ hostname: String) -> String {
        #"{"hostname":"\#(hostname)","architecture":"a","xname":"x1000c0s0b0n0"}"#
    }

    /// A server with a node that is created (1), changed (2) and deleted (3).
    private func filled(_ workspace: Workspace) async throws -> (server: ServerProcess, id: String) {
        let server = try await ServerProcess(in: workspace)
        let created = try server.write("POST", "/ComputeNode", Self.node("one"))
        #expect(created.headers["etag"] == "\"1\"")
        #expect(try server.write("PUT", Self.path, Self.node("two")).status == 200)
        #expect(try server.write("DELETE", Self.path).status == 204)
        return (server, try #require(created.headers["location"]?.split(separator: "/").last.map(String.init)))
    }

    private func json(_ answer: HTTPConnection.Answer) throws -> JSONValue {
        try JSONValue(parsing: answer.body)
    }

    @Test("is read by sequence number, time or snapshot, below /inventory too")
    func at() async throws {
        let (server, _) = try await filled(Workspace())
        for prefix in ["", "/inventory"] {
            let one = try server.request("GET", "\(prefix)\(Self.path)?at=1")
            #expect(one.status == 200)
            #expect(one.headers["etag"] == "\"1\"")
            #expect(try json(one)["hostname"] == "one")
            #expect(
                try json(server.request("GET", "\(prefix)/ComputeNode?at=2")).array.map { $0["hostname"] } == ["two"]
            )
        }
        #expect(try server.request("GET", "\(Self.path)?at=3").status == 404)
        #expect(try server.request("GET", Self.path).status == 404)
        let snapshot = try json(server.write("POST", "/snapshots"))
        guard case .string(let id)? = snapshot["id"], case .string(let time)? = snapshot["created_at"] else {
            Issue.record("the snapshot has no id: \(snapshot)")
            return
        }
        #expect(try server.write("POST", "/ComputeNode", Self.node("four")).status == 201)
        for moment in [id, time] {
            #expect(try server.request("GET", "/ComputeNode?at=\(moment)").text == "[]")
        }
        #expect(try server.request("GET", "/BMC/x1000c0s0b0?at=\(id)").status == 200)
        let search = try server.request("GET", "/ComputeNode?at=2&hostname=two&arch=a")
        #expect(try json(search).array.count == 1)
        #expect(try server.request("GET", "/ComputeNode?at=2&hostname=one").text == "[]")
        for bad in ["x", "", "99", "2999-01-01T00:00:00Z", "-1"] {
            #expect(try server.request("GET", "/ComputeNode?at=\(bad)").status == 400, "\(bad)")
        }
        let gone = try server.request("GET", "\(Self.path)?at=2020-01-01T00-00-00.000Z")
        #expect(gone.status == 410)
        #expect(try json(gone)["oldest"] == 0)
        // Before the first transaction there was nothing.
        for beginning in ["0", "2020-01-01T00:00:00Z"] {
            #expect(try server.request("GET", "\(Self.path)?at=\(beginning)").status == 404)
            #expect(try server.request("GET", "/ComputeNode?at=\(beginning)").text == "[]")
            #expect(try server.request("GET", "/ComputeNode?at=\(beginning)&count=true").text == #"{"count":0}"#)
            let all = try json(server.write("GET", "/diff?from=\(beginning)"))
            #expect(all["from"] == 0 && all["summary"]?["removed"] == 0, "\(all)")
            let query = try server.write("POST", "/query", #"{"sql":"SELECT count(*) FROM bmcs","at":"\#(beginning)"}"#)
            #expect(query.text.contains(#""rows":[[0]]"#), "\(query.text)")
            #expect(try server.write("POST", "/restore?dry_run=true&at=\(beginning)").status == 200)
        }
    }

    @Test("is told as a history, of deleted resources too, to whoever has a token")
    func history() async throws {
        let (server, id) = try await filled(Workspace())
        #expect(try server.request("GET", "/ComputeNode/\(id)/history").status == 401)
        let all = try json(server.write("GET", "/ComputeNode/\(id)/history")).array
        #expect(all.map { $0["version"] } == [3, 2, 1])
        #expect(all.map { $0["op"] } == ["delete", "put", "put"])
        #expect(all.allSatisfy { $0["by"] == "local-admin" && $0["at"] != nil })
        #expect(all[1]["patch"] == [["op": "replace", "path": "/hostname", "value": "two"]])
        var path: String? = "/ComputeNode/\(id)/history?limit=1"
        var paged: [JSONValue] = []
        while let next = path {
            let page = try server.write("GET", next)
            paged += try json(page).array
            path = page.headers["link"]?.split(separator: ">").first.map { String($0.dropFirst()) }
        }
        #expect(paged == all)
        #expect(try server.write("GET", "\(Self.path)/history").status == 404)
        for bad in ["limit=0", "limit=1001", "before=x", "x=1", "limit=1&limit=2"] {
            #expect(try server.write("GET", "/ComputeNode/\(id)/history?\(bad)").status == 400, "\(bad)")
        }
    }

    @Test("is compared, and restored, with a look before")
    func restore() async throws {
        let workspace = try Workspace()
        let (server, id) = try await filled(workspace)
        #expect(try server.request("GET", "/diff?from=1").status == 401)
        #expect(try server.request("POST", "/restore?at=1").status == 401)
        let difference = try json(server.write("GET", "/diff?from=1&to=2"))
        #expect(difference["summary"] == ["added": 0, "removed": 0, "changed": 1])
        #expect(difference["changed"]?.array.first?["name"] == "x1000c0s0b0n0")
        #expect(try server.write("GET", "/diff").status == 400)

        let dryRun = try json(server.write("POST", "/restore?at=2&dry_run=true"))
        #expect(dryRun["summary"] == ["added": 1, "removed": 0, "changed": 0])
        #expect(try server.request("GET", Self.path).status == 404)
        let restored = try json(server.write("POST", "/restore?at=2", #"{"reason":"a mistake"}"#))
        #expect(restored == ["sequence": 4, "summary": ["added": 1, "removed": 0, "changed": 0]])
        let node = try server.request("GET", Self.path)
        #expect(try json(node)["hostname"] == "two")
        #expect(node.headers["etag"] == "\"4\"")
        let newest = try #require(try json(server.write("GET", "/ComputeNode/\(id)/history?limit=1")).array.first)
        #expect(newest["reason"] == "restore to sequence number 2: a mistake")

        let snapshot = try #require(try server.write("POST", "/snapshots").headers["location"])
        #expect(try server.write("PUT", Self.path, Self.node("five")).status == 200)
        #expect(try server.write("POST", "\(snapshot)/restore?dry_run=true").status == 200)
        #expect(try json(server.request("GET", Self.path))["hostname"] == "five")
        #expect(try json(server.write("POST", "\(snapshot)/restore"))["sequence"] == 6)
        #expect(try json(server.request("GET", Self.path))["hostname"] == "two")
        #expect(try server.write("POST", "/snapshots/2020-01-01T00-00-00.000Z/restore").status == 404)
        for (path, body) in [
            ("/restore?at=x", nil), ("/restore", nil), ("/restore?at=1", #"{"cause":"x"}"#),
            ("/restore?at=1", #"{"reason":5}"#), ("/restore?at=1&dry_run=maybe", nil),
        ] as [(String, String?)] {
            #expect(try server.write("POST", path, body).status == 400, "\(path)")
        }
        _ = server.stop(SIGKILL)
        let again = try await ServerProcess(in: workspace)
        #expect(try json(again.request("GET", Self.path))["hostname"] == "two")
    }

    @Test("is forgotten from the oldest on when the journal is larger than it may be, though nothing of what is")
    func journalSize() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace, ["--journal-max-size", "1MB", "--snapshot-freq", "0"])
        let text = String(repeating: "x", count: 100_000)
        for number in 0..<15 {
            let node = #"{"hostname":"n\#(number)","architecture":"a","description":"\#(text)"}"#
            #expect(try server.write("POST", "/ComputeNode", node).status == 201)
        }
        _ = try await server.line(containing: "dropped the oldest history")
        #expect(try server.request("GET", "/ComputeNode?at=0").status == 410)
        let all = try server.request("GET", "/ComputeNode")
        _ = server.stop(SIGKILL)
        let again = try await ServerProcess(in: workspace)
        #expect(try again.request("GET", "/ComputeNode").body == all.body)
    }
}
