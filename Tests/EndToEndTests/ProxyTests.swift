import Foundation
import RawHTTP
import Schema
import Testing

@Suite("Behind a proxy", .timeLimit(.minutes(5)))
struct ProxyTests {
    private static let word = [
        "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "inventory.example",
        "X-Forwarded-Prefix": "/site",
    ]

    /// Asks for everything that has a link in it.
    ///
    /// - Returns: Each link, without what the server chooses.
    private func links(_ server: ServerProcess) throws -> [String] {
        let created = try server.write(
            "POST",
            "/inventory/ComputeNode",
            #"{"hostname":"a","architecture":"a","xname":"x1000c0s0b0n0"}"#,
            headers: Self.word
        )
        #expect(try server.write("POST", "/ComputeNode", #"{"hostname":"b","architecture":"a"}"#).status == 201)
        #expect(try server.write("PATCH", "/ComputeNode/x1000c0s0b0n0", #"{"hostname":"c"}"#).status == 200)
        let page = try server.request("GET", "/ComputeNode?limit=1", headers: Self.word)
        let history = try server.write("GET", "/ComputeNode/x1000c0s0b0n0/history?limit=1", headers: Self.word)
        let snapshot = try server.write("POST", "/snapshots", headers: Self.word)
        let schemas = try server.request("GET", "/schemas", headers: Self.word)
        return try [
            created.headers["location"], page.headers["link"], history.headers["link"], snapshot.headers["location"],
        ]
        .map { try String(#require($0).drop { $0 == "<" }) } + [
            schemas.text.trimmingCharacters(in: ["[", "]"]).components(separatedBy: "\"")[1]
        ]
    }

    @Test("that is trusted links are whole, and the log has the client", arguments: ["option", "variable", "file"])
    func trusted(source: String) async throws {
        let workspace = try Workspace()
        let file = try workspace.file("config.yaml", "trusted-proxy: [192.0.2.1, 127.0.0.0/8]\n")
        let server =
            switch source {
            case "option":
                try await ServerProcess(
                    in: workspace,
                    ["--trusted-proxy", "192.0.2.1", "--trusted-proxy", "127.0.0.1"]
                )
            case "variable":
                try await ServerProcess(in: workspace, environment: ["NODE_ORCHESTRATOR_TRUSTED_PROXY": "127.0.0.1"])
            default: try await ServerProcess(in: workspace, ["--config", file])
            }
        for (link, path) in zip(
            try links(server),
            [
                "/inventory/ComputeNode/", "/ComputeNode?", "/ComputeNode/x1000c0s0b0n0/history?", "/snapshots/",
                "/schemas/",
            ]
        ) { #expect(link.hasPrefix("https://inventory.example/site\(path)"), "\(link)") }
        _ = try await server.line(containing: "address=203.0.113.9")
        _ = try server.request("GET", "/healthz", headers: ["Forwarded": "for=\"[2001:db8::7]:80\""])
        _ = try await server.line(containing: "address=2001:db8::7")
        // Also of a request that is answered without the program.
        let connection = try HTTPConnection(port: server.port)
        try connection.send("GET / HTTP/1.1\r\nX-Forwarded-For: 203.0.113.77\r\n\r\n")
        #expect(try connection.answer().status == 400)
        _ = try await server.line(containing: "address=203.0.113.77")
    }

    @Test("that is not trusted nothing that it says counts")
    func untrusted() async throws {
        let server = try await ServerProcess(in: Workspace(), ["--trusted-proxy", "192.0.2.0/24"])
        for link in try links(server) {
            #expect(link.hasPrefix("/") && !link.contains("site") && !link.contains("example"), "\(link)")
        }
        _ = try await server.line(containing: "address=127.0.0.1")
        #expect(!server.log.contains("203.0.113.9"))
    }

    @Test("its word for the host is what a page's Origin is compared with, without tokens")
    func origin() async throws {
        let arguments = ["--insecure-no-auth", "--allowed-host", "inventory.example"]
        for (proxies, status) in [(["--trusted-proxy", "127.0.0.1"], 404), ([], 403)] {
            let server = try await ServerProcess(in: Workspace(), arguments + proxies)
            let headers = ["X-Forwarded-Host": "inventory.example", "Origin": "https://inventory.example"]
            #expect(try server.request("DELETE", "/NodeCollection/none", headers: headers).status == status)
        }
    }

    @Test("connections count for their clients: whoever has most loses the slowest, not the proxy")
    func connections() async throws {
        let server = try await ServerProcess(in: Workspace(), ["--trusted-proxy", "127.0.0.1"], maximumFiles: 320)
        func open(_ client: String) throws -> HTTPConnection {
            let connection = try HTTPConnection(port: server.port)
            try connection.send("GET", "/healthz", headers: ["X-Forwarded-For": client])
            #expect(try connection.answer().status == 200)
            return connection
        }
        // Of 64, the oldest are of the one who has few.
        let few = try (0..<10).map { _ in try open("203.0.113.1") }
        let many = try (0..<100).map { _ in try open("203.0.113.2") }
        for connection in few {
            try connection.send("GET", "/healthz")
            #expect(try connection.answer().status == 200)
        }
        withExtendedLifetime(many) {}
    }

    @Test("a request is called what its sender calls it, where that can stand in a log")
    func requestIDs() async throws {
        let server = try await ServerProcess(in: Workspace())
        for (path, status) in [("/healthz", 200), ("/nowhere", 404)] {
            let id = "job-\(status)/Ä".prefix(8)
            let answer = try server.request("GET", path, headers: ["X-Request-ID": String(id)])
            #expect(answer.status == status && answer.headers["x-request-id"] == String(id))
            #expect(try await server.line(containing: "hb.request.id=\(id)").contains("path=\(path)"))
        }
        for bad in ["", "a b", "é", String(repeating: "a", count: 129)] {
            let made = try server.request("GET", "/healthz", headers: ["X-Request-ID": bad]).headers["x-request-id"]
            let id = try #require(made)
            #expect(id != bad && id.count > 16)
            _ = try await server.line(containing: "hb.request.id=\(id)")
        }
        #expect(
            try server.request("GET", "/healthz").headers["x-request-id"]
                != server.request("GET", "/healthz").headers["x-request-id"]
        )
        let connection = try HTTPConnection(port: server.port)
        try connection.send("GET / HTTP/1.1\r\nX-Request-ID: refused-1\r\n\r\n")
        let refused = try connection.answer()
        #expect(refused.status == 400 && refused.headers["x-request-id"] == "refused-1")
        #expect(refused.headers["date"]?.hasSuffix(" GMT") == true)
        _ = try await server.line(containing: "hb.request.id=refused-1")
    }
}
