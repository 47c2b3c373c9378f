import Foundation
import RawHTTP
import Testing

@Suite("A client that does not do its part", .timeLimit(.minutes(5)))
struct SlowClientTests {
    private static func head(_ method: String, _ path: String, _ headers: String...) -> [UInt8] {
        Array("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers.map { "\($0)\r\n" }.joined())\r\n".utf8)
    }

    @Test("does not read its answers: they take little memory, and it is dropped")
    func unread() async throws {
        let server = try await ServerProcess(in: Workspace())
        let text = String(repeating: "d", count: 10_000)
        let nodes = (0..<2000).map { #"{"hostname":"n\#($0)","architecture":"a","description":"\#(text)"}"# }
        let array = "[\(nodes.joined(separator: ","))]"
        #expect(try await onThread { try server.write("POST", "/ComputeNode", array) }.status == 201)
        let before = try server.memory()
        let connections = try (0..<500).map { _ in
            let connection = try HTTPConnection(port: server.port)
            connection.limitUnread(to: 4096)
            try connection.send(Self.head("GET", "/ComputeNode"))
            return connection
        }
        _ = try await server.line(containing: "does not read its answer")
        #expect(try server.memory() - before < 300 << 20)
        #expect(try server.request("GET", "/healthz").status == 200)
        withExtendedLifetime(connections) {}
    }

    @Test("follows the feed, with many others: they hold up no long answer")
    func followers() async throws {
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"])
        let text = String(repeating: "d", count: 1000)
        let nodes = (0..<500).map { #"{"hostname":"n\#($0)","architecture":"a","description":"\#(text)"}"# }
        #expect(try server.write("POST", "/ComputeNode", "[\(nodes.joined(separator: ","))]").status == 201)
        let token = try server.clientToken()
        let followers = try (0..<10).map { _ in
            let connection = try HTTPConnection(port: server.port)
            try connection.send("GET", "/events?after=0", token: token)
            #expect(try connection.head().status == 200)
            // Until it has all that there is.
            while try connection.chunk()?.count == 64 << 10 {}
            return connection
        }
        for path in ["/ComputeNode", "/ComputeNode?fields=hostname,description", "/diff?from=0"] {
            let answer = try server.request("GET", path, token: token)
            #expect(answer.status == 200 && answer.body.count > 500_000)
        }
        withExtendedLifetime(followers) {}
    }

    @Test("sends a body to whoever has refused it: it sees why, and the connection ends though it trickles on")
    func refused() async throws {
        let server = try await ServerProcess(in: Workspace())
        let token = try server.clientToken()
        for (headers, status) in [
            (["Content-Length: 1000000"], 401),
            (["Content-Length: 100000000", "Authorization: Bearer \(token)"], 413),
            (["Content-Length: 1000000", "Authorization: Bearer \(token)", "Content-Type: text/plain"], 415),
        ] {
            let connection = try HTTPConnection(port: server.port)
            let lines = headers.map { "\($0)\r\n" }.joined()
            try connection.send(Array("POST /ComputeNode HTTP/1.1\r\nHost: localhost\r\n\(lines)\r\n{".utf8))
            let answer = try connection.answer()
            #expect(answer.status == status && answer.headers["connection"] == "close")
            #expect(throws: HTTPConnection.BrokenConnection.self) { try connection.read(count: 1) }
        }
        // One that sends all of it is still answered.
        let whole = try HTTPConnection(port: server.port)
        try whole.send("POST", "/ComputeNode", body: String(repeating: "x", count: 1_000_000))
        #expect(try whole.answer().status == 401)
    }

    @Test("is asked for its body in turn, and only when it may send it")
    func expecting() async throws {
        let server = try await ServerProcess(in: Workspace())
        let node = #"{"hostname":"n","architecture":"a","xname":"x1000c0s0b0n0"}"#
        let expecting = [
            "Expect: 100-continue", "Content-Length: \(node.utf8.count)", "Content-Type: application/json",
        ]
        let connection = try HTTPConnection(port: server.port)
        let token = "Authorization: Bearer \(try server.clientToken())"
        try connection.send(
            Self.head("POST", "/ComputeNode", token, "Content-Type: application/json", "Content-Length: 2")
                + Array("{}".utf8) + Self.head("POST", "/ComputeNode", expecting[0], expecting[1], expecting[2], token)
        )
        #expect(try connection.answer().status == 400)
        #expect(try connection.answer().status == 100)
        try connection.send(Array(node.utf8))
        #expect(try connection.answer().status == 201)
        let stranger = try HTTPConnection(port: server.port)
        try stranger.send(Self.head("POST", "/ComputeNode", expecting[0], expecting[1], expecting[2]))
        #expect(try stranger.answer().status == 401)
    }

    @Test("opens more connections than there may be: the slowest go, and others are served")
    func connections() async throws {
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"], maximumFiles: 320)
        let idle = try (0..<400).map { _ in try HTTPConnection(port: server.port) }
        let busy = try HTTPConnection(port: server.port)
        let token = try server.clientToken()
        for number in 0..<20 {
            #expect(try server.request("GET", "/healthz").status == 200)
            #expect(try server.request("GET", "/readyz").status == 200)
            let node = #"{"hostname":"n\#(number)","architecture":"a"}"#
            #expect(try busy.request("POST", "/ComputeNode", token: token, node).status == 201)
        }
        #expect(try server.write("POST", "/snapshots").status == 201)
        withExtendedLifetime(idle) {}
    }
}
