import Foundation
import RawHTTP
import Testing

@Suite("A search that would take hours", .timeLimit(.minutes(5)))
struct SlowSearchTests {
    /// A pattern that the descriptions of the nodes are slow to be compared with.
    private static let slow = "/ComputeNode?description=*\(String(repeating: "a%3F", count: 8000))b"

    private func server(_ arguments: String...) async throws -> ServerProcess {
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"] + arguments)
        let text = String(repeating: "a", count: 1 << 20)
        let nodes = (0..<8).map { #"{"hostname":"n\#($0)","architecture":"a","description":"\#(text)"}"# }
        let answer = try await onThread {
            try server.write("POST", "/ComputeNode", "[\(nodes.joined(separator: ","))]")
        }
        #expect(answer.status == 201)
        return server
    }

    @Test("is answered with 504 when its time is over, as of now and as of then")
    func timeout() async throws {
        let server = try await server("--search-timeout", "1s")
        for path in [Self.slow, "\(Self.slow)&count=true", "\(Self.slow)&at=1"] {
            let answer = try await onThread { try server.request("GET", path) }
            #expect(answer.status == 504 && answer.text.contains("--search-timeout"), "\(answer.text.prefix(500))")
        }
        let patch = try await onThread { try server.write("PATCH", "\(Self.slow)&limit=1", #"{"hostname":"b"}"#) }
        #expect(patch.status == 504)
        #expect(try server.request("GET", "/ComputeNode?hostname=n*&count=true").text == #"{"count":8}"#)
    }

    @Test("ends with its client, so that twenty hung-up ones hold up nobody, not even the next of the same machine")
    func hangUp() async throws {
        let server = try await server("--search-timeout", "1h")
        let connections = try (0..<20).map { index in
            let connection = try HTTPConnection(port: server.port)
            let version = index % 3 == 0 ? "HTTP/1.0\r\nConnection: keep-alive" : "HTTP/1.1\r\nHost: localhost"
            try connection.send("GET \(Self.slow) \(version)\r\n\r\n")
            return connection
        }
        #expect(try server.write("POST", "/ComputeNode", #"{"hostname":"m","architecture":"a"}"#).status == 201)
        #expect(try server.write("POST", "/snapshots").status == 201)
        // With a token there is another turn.
        let patch = try await onThread {
            try server.write("PATCH", "/ComputeNode?hostname=m&expect=1", #"{"architecture":"b"}"#)
        }
        #expect(patch.status == 200)
        for (index, connection) in connections.enumerated() {
            if index % 2 == 0 { connection.cut() } else { connection.endSending() }
        }
        let answer = try await onThread { try server.request("GET", "/ComputeNode?hostname=m*&count=true") }
        #expect(answer.text == #"{"count":1}"#)
    }

    @Test("ends with the server, which stops at once")
    func stop() async throws {
        let server = try await server("--search-timeout", "1h")
        let connections = try [Self.slow, "\(Self.slow)&at=1"].map { path in
            let connection = try HTTPConnection(port: server.port)
            try connection.send("GET", path)
            return connection
        }
        // Behind it in the line of the same machine.
        let waiting = try HTTPConnection(port: server.port)
        try waiting.send("GET", "/ComputeNode?hostname=n*")
        #expect(try server.request("GET", "/ComputeNode/x1000c0s0b0n0").status == 404)
        #expect(await Task.detached { server.stop() }.value == 0)
        for connection in connections {
            do {
                #expect(try connection.answer().status == 503)
            } catch is HTTPConnection.BrokenConnection {
                // The server had not read the request yet.
            }
        }
    }

    @Test("is not what a thousand searches for one node are taken for, all at once from one machine")
    func short() async throws {
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"])
        let nodes = (0..<8).map { #"{"hostname":"n\#($0)","architecture":"a"}"# }
        #expect(try server.write("POST", "/ComputeNode", "[\(nodes.joined(separator: ","))]").status == 201)
        try await onThread {
            let connections = try (0..<1000).map { _ in try HTTPConnection(port: server.port) }
            for (index, connection) in connections.enumerated() {
                try connection.send("GET", "/ComputeNode?hostname=n\(index % 8)&fields=hostname")
            }
            for (index, connection) in connections.enumerated() {
                #expect(try connection.answer().text == #"[{"hostname":"n\#(index % 8)"}]"#)
            }
        }
    }
}
