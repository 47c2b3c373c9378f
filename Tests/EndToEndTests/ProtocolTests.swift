import Foundation
import RawHTTP
import Schema
import Testing

@Suite("HTTP of any client", .timeLimit(.minutes(5)))
struct ProtocolTests {
    private static let node = #"{"hostname":"n","architecture":"a","xname":"x1000c0s0b0n0"}"#

    /// Sends bytes and reads until the server closes the connection.
    private func exchange(_ server: ServerProcess, _ request: String) throws -> String {
        let connection = try HTTPConnection(port: server.port)
        try connection.send(request)
        return String(decoding: try connection.everything(), as: UTF8.self)
    }

    /// The body of an answer.
    private func body(_ answer: String) throws -> String {
        let end = try #require(answer.firstRange(of: "\r\n\r\n"))
        return String(answer[end.upperBound...])
    }

    private func addNodes(_ server: ServerProcess, count: Int) throws {
        let text = String(repeating: "d", count: 1000)
        let nodes = (0..<count).map { #"{"hostname":"n\#($0)","architecture":"a","description":"\#(text)"}"# }
        #expect(try server.write("POST", "/ComputeNode", "[\(nodes.joined(separator: ","))]").status == 201)
    }

    // MARK: HTTP/1.0

    @Test("of 1.0 gets its answer without framing of 1.1, and the end of the connection")
    func version10() async throws {
        let server = try await ServerProcess(in: Workspace())
        for _ in 0..<20 {
            let answer = try exchange(
                server,
                "GET /healthz HTTP/1.0\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n"
            )
            #expect(answer.hasPrefix("HTTP/1.0 200 OK\r\n"))
            #expect(
                answer.lowercased().contains("\r\nconnection: close\r\n") && !answer.lowercased().contains("chunked")
            )
            #expect(try body(answer) == #"{"status":"alive"}"#)
        }
        #expect(try exchange(server, "GET /nowhere HTTP/1.0\r\n\r\n").hasPrefix("HTTP/1.0 404 "))
        #expect(try body(exchange(server, "HEAD /ComputeNode?fields=id HTTP/1.0\r\n\r\n")) == "")
        let token = try server.clientToken()
        // What it expects is ignored, so its body is not asked for.
        let created = try exchange(
            server,
            "POST /ComputeNode HTTP/1.0\r\nAuthorization: Bearer \(token)\r\nExpect: 100-continue\r\n"
                + "Content-Length: \(Self.node.utf8.count)\r\n\r\n\(Self.node)"
        )
        #expect(created.hasPrefix("HTTP/1.0 201 Created\r\n"))
    }

    @Test("of 1.0 gets long answers, of whatever length, up to the end of the connection")
    func longAnswers10() async throws {
        let server = try await ServerProcess(in: Workspace())
        try addNodes(server, count: 2000)
        for path in ["/ComputeNode", "/ComputeNode?fields=hostname,description"] {
            let answer = try exchange(
                server,
                "GET \(path) HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n"
            )
            let expected = try server.request("GET", path)
            #expect(expected.body.count > 2_000_000)
            guard path.contains("?") else {
                #expect(
                    answer.contains("keep-alive") && answer.contains(expected.text) && answer.contains("HTTP/1.0 404")
                )
                continue
            }
            // Nothing else tells where it ends.
            #expect(try body(answer) == expected.text)
        }
    }

    @Test(
        "of 1.0 behind an answer that ends with the connection is not carried out; one behind an answer with a length is"
    )
    func writeBehindList10() async throws {
        let server = try await ServerProcess(in: Workspace())
        #expect(try server.write("POST", "/ComputeNode", Self.node).status == 201)
        let node = "/ComputeNode/x1000c0s0b0n0"
        let token = try server.clientToken()
        let get = "GET /ComputeNode HTTP/1.0\r\nConnection: keep-alive\r\n"
        let delete = "DELETE \(node) HTTP/1.0\r\nConnection: keep-alive\r\nAuthorization: Bearer \(token)\r\n\r\n"
        // Further requests, a mistake and the end of what is sent wait as the write does.
        for rest in [delete, delete + delete, "\(delete)no request\r\n\r\n"] {
            let unframed = "\(get)Accept: application/x-ndjson\r\n\r\n".replacing(
                "/ComputeNode ",
                with: "/ComputeNode?fields=xname "
            )
            let answer = try exchange(server, unframed + rest)
            #expect(answer.hasPrefix("HTTP/1.0 200 ") && answer.components(separatedBy: "HTTP/1.0").count == 2)
            #expect(try body(answer) == "{\"xname\":\"x1000c0s0b0n0\"}\n")
            #expect(try server.request("GET", node).status == 200)
        }
        let both = try exchange(server, "\(get)\r\n\(delete)no request\r\n\r\n")
        let statuses = both.components(separatedBy: "HTTP/1.").dropFirst().map { $0.dropFirst(2).prefix(3) }
        #expect(statuses == ["200", "204", "501"], "\(both)")
        #expect(try server.request("GET", node).status == 404)
    }

    @Test("of 1.0 sees that an answer was cut off, though nothing but its end tells how long it is")
    func cutOff10() async throws {
        let server = try await ServerProcess(in: Workspace(), ["--query-max-rows", "500000"])
        for (count, isWhole) in [(100_000, true), (1_000_000, false)] {
            let statement = #"{"sql":"SELECT i FROM range(\#(count)) t(i)"}"#
            let connection = try HTTPConnection(port: server.port)
            try connection.send(
                "POST /query HTTP/1.0\r\nAuthorization: Bearer \(server.clientToken())\r\nAccept: text/csv\r\n"
                    + "Content-Type: application/json\r\nContent-Length: \(statement.utf8.count)\r\n\r\n\(statement)"
            )
            #expect(try connection.head().status == 200)
            if isWhole {
                #expect(try String(decoding: connection.everything(), as: UTF8.self).hasSuffix("\n99999\n"))
            } else {
                #expect(throws: HTTPConnection.BrokenConnection.self) { try connection.everything() }
            }
        }
    }

    @Test("of 1.0 may keep its connection where answers have a length")
    func keepAlive10() async throws {
        let server = try await ServerProcess(in: Workspace())
        let connection = try HTTPConnection(port: server.port)
        for _ in 0..<20 {
            try connection.send("GET /healthz HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
            let answer = try connection.answer()
            #expect(answer.status == 200 && answer.headers["connection"] == "keep-alive")
            #expect(answer.text == #"{"status":"alive"}"#)
        }
    }

    // MARK: The end of a connection

    @Test(
        "that asks for the end of its connection gets it, and nothing behind it",
        arguments: [
            "Connection: close", "Connection: Close", "Connection: TE, close", "connection: foo\r\nConnection: CLOSE",
        ]
    )
    func close(header: String) async throws {
        let server = try await ServerProcess(in: Workspace())
        let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\(header)\r\n\r\n"
        let answer = try exchange(server, request + request)
        #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
        #expect(try body(answer) == #"{"status":"alive"}"#)
    }

    @Test("that wants another protocol gets this one, and the end of the connection, since it may go on in the other")
    func upgrade() async throws {
        let server = try await ServerProcess(in: Workspace())
        let upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
        let answer = try exchange(server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\(upgrade)\r\n")
        #expect(try answer.hasPrefix("HTTP/1.1 200 OK\r\n") && body(answer) == #"{"status":"alive"}"#)
        #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
        let token = try server.clientToken()
        let created = try exchange(
            server,
            "POST /ComputeNode HTTP/1.1\r\nHost: localhost\r\n\(upgrade)Authorization: Bearer \(token)\r\n"
                + "Content-Length: \(Self.node.utf8.count)\r\n\r\n\(Self.node)"
        )
        #expect(created.hasPrefix("HTTP/1.1 201 Created\r\n"))
        #expect(try exchange(server, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n").hasPrefix("HTTP/1.1 404 "))
    }

    // MARK: Requests that are none

    private static let long = String(repeating: "0123456789abcdef", count: 1024)

    private static let breaches: [(request: String, status: Int, detail: String)] = [
        ("GET /healthz HTTP/1.1\r\n\r\n", 400, "needs a Host header"),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "more than one Host header"),
        ("GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "more than one Host header"),
        ("GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "Host header must be a host"),
        ("GET /healthz HTTP/1.1\r\nHost: user@a\r\n\r\n", 400, "Host header must be a host"),
        ("GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "Host header must be a host"),
        ("GET /healthz HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "Host header must be a host"),
        ("GET /healthz HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400, "Host header must be a host"),
        ("GET /healthz HTTP/1.1\r\nHost: a:http\r\n\r\n", 400, "Host header must be a host"),
        ("GET http://user@a/healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "host in the URL is not valid"),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "chunked"),
        ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "HTTP/1.0 has no"),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n\r\n", 417, "100-continue"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\nExpect: 100-continue\r\n\r\n", 417,
            "a-miracle, 100-continue"
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, a-miracle\r\n\r\n", 417, "a-miracle"),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect:\r\n\r\n", 417, "100-continue"),
        ("GET /healthz HTTP/1.1\n", 400, "end with CR LF"), ("GET /healthz HTTP/1.0\n\n", 400, "end with CR LF"),
        ("GET /healthz HTTP/1.1\r\nHost: a\n\r\n", 400, "RFC 9112"), ("GET / HTTP/1.2\n", 505, "HTTP/1.1"),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "HTTP/1.1"), ("GET / HTTP/1.7\r\nHost: a\r\n\r\n", 505, "HTTP/1.1"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/1.1"), ("GET /\r\n\r\n", 505, "HTTP/1.1"),
        ("GET / HTPP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112"), ("FETCH / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method"),
        ("GET /a\u{1}b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "percent-encoded"),
        ("GET / HTTP/1.1\r\nHost: a\r\nA B: c\r\n\r\n", 400, "RFC 9112"),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "RFC 9112"),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "RFC 9112"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
            "RFC 9112"
        ),
        ("GET /?a=\(String(repeating: long, count: 20)) HTTP/1.1\r\nHost: a\r\n\r\n", 414, "64 KiB"),
        ("GET / HTTP/1.1\r\nHost: a\r\nA: \(String(repeating: long, count: 20))\r\n\r\n", 431, "80 KiB"),
        ("GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "A: b\r\n", count: 1001))\r\n", 431, "1,000"),
    ]

    @Test("that breaks a rule of HTTP is told so in a problem document, and the connection ends")
    func refusals() async throws {
        let server = try await ServerProcess(in: Workspace())
        for (request, status, detail) in Self.breaches {
            let connection = try HTTPConnection(port: server.port)
            // Behind one that is in order.
            try connection.send("GET", "/healthz")
            #expect(try connection.answer().status == 200)
            try connection.send(request)
            let answer = try connection.answer()
            #expect(answer.status == status && answer.text.contains(detail), "\(request.prefix(200)): \(answer.text)")
            #expect(answer.headers["content-type"] == "application/problem+json")
            #expect(answer.headers["connection"] == "close")
            #expect(try JSONValue(parsing: answer.body)["status"] == .number(JSONNumber(status)))
            #expect(throws: HTTPConnection.BrokenConnection.self) { try connection.read(count: 1) }
            _ = try await server.line(containing: "status=\(status)")
        }
    }

    @Test("that breaks a rule behind other requests has those answered first")
    func refusalInLine() async throws {
        let server = try await ServerProcess(in: Workspace())
        try addNodes(server, count: 100)
        let list = "GET /ComputeNode?description=d* HTTP/1.1\r\nHost: a\r\n\r\n"
        let connection = try HTTPConnection(port: server.port)
        try connection.send(list + list + "GET /healthz HTTP/1.1\r\n\r\n" + list)
        #expect(try connection.answer().status == 200)
        #expect(try connection.answer().status == 200)
        #expect(try connection.answer().status == 400)
        #expect(throws: HTTPConnection.BrokenConnection.self) { try connection.read(count: 1) }
    }

    @Test("whose URL lists 8,000 ids is told that it is too long, on the way to sending it")
    func longURL() async throws {
        let server = try await ServerProcess(in: Workspace())
        let ids = (0..<8000).map { _ in UUID().uuidString }.joined(separator: ",")
        let answer = try server.request("GET", "/ComputeNode?id=\(ids)")
        #expect(answer.status == 414 && answer.text.contains("longer than 64 KiB"))
        let shorter = ids.prefix(63 << 10)
        #expect(try server.request("GET", "/ComputeNode?hostname=\(shorter)").text == "[]")
        let path = "/healthz?"
        for (length, status) in [(64 << 10, 200), (64 << 10 + 1, 414), (79 << 10, 414)] {
            let url = path + String(repeating: "a", count: length - path.utf8.count)
            let answer = try server.request("GET", url)
            #expect(answer.status == status, "\(length)")
            #expect((status == 414) == answer.text.contains("longer than 64 KiB"))
        }
    }

    @Test("that asks for a head alone and breaks a rule gets no body, with the length that it would have")
    func refusedHead() async throws {
        let server = try await ServerProcess(in: Workspace())
        let rest = "/healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"
        let whole = try exchange(server, "GET \(rest)")
        let head = try exchange(server, "HEAD \(rest)")
        #expect(head.hasPrefix("HTTP/1.1 400 ") && head.hasSuffix("\r\n\r\n"), "\(head)")
        #expect(try head.lowercased().contains("\r\ncontent-length: \(body(whole).utf8.count)\r\n"))
    }

    @Test("that expects to be asked for its body, in several lines, is asked once")
    func expectations() async throws {
        let server = try await ServerProcess(in: Workspace())
        let connection = try HTTPConnection(port: server.port)
        try connection.send(
            "POST /ComputeNode HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.clientToken())\r\n"
                + "Expect: 100-Continue\r\nExpect: 100-continue, 100-continue\r\n"
                + "Content-Length: \(Self.node.utf8.count)\r\n\r\n"
        )
        #expect(try connection.head().status == 100)
        try connection.send(Self.node)
        #expect(try connection.answer().status == 201)
    }

    @Test("that sends a chunk which is none has one answer, which says so where the body is read")
    func badChunk() async throws {
        let server = try await ServerProcess(in: Workspace())
        let token = try server.clientToken()
        let head = "HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nTransfer-Encoding: chunked\r\n\r\n"
        for chunks in ["zz\r\n", "1\r\n{zz\r\n"] {
            let write = try exchange(server, "POST /ComputeNode \(head)\(chunks)")
            #expect(write.hasPrefix("HTTP/1.1 400 Bad Request\r\n") && write.contains("section 7.1"), "\(write)")
            #expect(write.components(separatedBy: "HTTP/1.1").count == 2)
            let read = try exchange(server, "GET /healthz \(head)\(chunks)")
            #expect(read.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(read.components(separatedBy: "HTTP/1.1").count == 2)
        }
    }

    // MARK: Targets

    @Test("may have more slashes than the path, but links have those of the path")
    func slashes() async throws {
        let server = try await ServerProcess(in: Workspace())
        try addNodes(server, count: 2)
        for path in ["//ComputeNode", "/ComputeNode/", "/inventory//ComputeNode"] {
            let link = try #require(server.request("GET", "\(path)?limit=1").headers["link"])
            #expect(link.hasPrefix(path.hasPrefix("/inv") ? "</inventory/ComputeNode?" : "</ComputeNode?"), "\(link)")
        }
    }

    @Test("may name the server in the target, which counts more than Host")
    func absoluteForm() async throws {
        let server = try await ServerProcess(in: Workspace(), ["--insecure-no-auth"])
        for (target, host, status) in [
            ("http://localhost", "evil.example", 201), ("http://evil.example", "localhost", 403),
        ] {
            let answer = try exchange(
                server,
                "POST \(target)/ComputeNode HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n"
                    + "Content-Type: application/json\r\nContent-Length: \(Self.node.utf8.count)\r\n\r\n\(Self.node)"
            )
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        }
    }

    @Test("may ask which methods the server has, or a path of it")
    func options() async throws {
        let server = try await ServerProcess(in: Workspace())
        for (target, allowed) in [
            ("*", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
            ("http://localhost/query", "POST, OPTIONS"), ("/query/tables", "GET, HEAD, OPTIONS"),
        ] {
            let answer = try exchange(server, "OPTIONS \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 204 ") && answer.contains("\r\nAllow: \(allowed)\r\n"), "\(answer)")
            #expect(try body(answer) == "")
        }
    }

    // MARK: HEAD

    @Test("that asks for a head alone gets no body, and no length that is not that of GET")
    func heads() async throws {
        let server = try await ServerProcess(in: Workspace())
        try addNodes(server, count: 3)
        let connection = try HTTPConnection(port: server.port)
        for (path, status) in [
            ("/ComputeNode", 200), ("/ComputeNode?fields=hostname", 200), ("/ComputeNode?count=true", 200),
            ("/healthz", 200), ("/nowhere", 404), ("/ComputeNode?colour=red", 400), ("/transactions", 405),
        ] {
            try connection.send("HEAD", path)
            let head = try connection.answer(hasBody: false)
            // What comes next is the next answer.
            try connection.send("GET", path)
            let whole = try connection.answer()
            #expect(head.status == status && whole.status == status, "\(path)")
            if status != 405 { #expect(head.headers["content-length"] == whole.headers["content-length"], "\(path)") }
            #expect(head.headers["content-type"] == whole.headers["content-type"])
        }
    }
}
