import Foundation
import RawHTTP
import Testing

@Suite("The log", .timeLimit(.minutes(5)))
struct LogTests {
    private static let password = "hunter2"

    @Test("has nothing of what clients send but paths, names of parameters and values of harmless ones, at any level")
    func requests() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace, ["--log-level", "trace"])
        let token = try server.clientToken()
        let headers = ["Content-Type": "application/json", "Cookie": "session=\(Self.password)"]
        let requests: [(method: String, path: String, body: String?, status: Int)] = [
            ("GET", "/events?access_token=\(token)&after=0", nil, 400), ("GET", "/ComputeNode?\(token)", nil, 400),
            ("GET", "/ComputeNode?hostname=\(Self.password)&limit=5", nil, 200),
            ("GET", "/BMC?password=\(Self.password)", nil, 400),
            ("GET", "/BMC?username=\(Self.password)[gt&", nil, 400),
            (
                "POST", "/BMC", #"{"username":"u","password":"\#(Self.password)","mac_address":"02:00:00:00:00:01"}"#,
                201
            ),
            (
                "POST", "/BMC", #"{"username":"u","password":"\#(Self.password)","mac_address":"\#(Self.password)"}"#,
                400
            ),
            ("POST", "/BMC", #"{"passwort":"\#(Self.password)"}"#, 400), ("POST", "/BMC", Self.password, 400),
            ("POST", "/query", #"{"sql":"SELECT CAST(? AS INTEGER)","params":["\#(Self.password)"]}"#, 400),
            ("POST", "/query", #"{"sql":"SELECT error('\#(Self.password)')"}"#, 400),
            ("POST", "/transactions", #"{"changes":[],"reason":"\#(Self.password)"}"#, 200),
        ]
        for (method, path, body, status) in requests {
            let answer = try server.request(method, path, token: token, headers: headers, body: body)
            #expect(answer.status == status, "\(method) \(path): \(answer.text)")
        }
        #expect(try server.request("GET", "/events?access_token=\(token)").status == 401)
        #expect(try server.request("GET", "/events", token: token + "x").status == 401)
        // Refused before it gets to a route.
        let client = try HTTPConnection(port: server.port)
        try client.send("GET /events?access_token=\(token) HTTP/1.1\r\n\r\n")
        #expect(String(decoding: try client.everything(), as: UTF8.self).hasPrefix("HTTP/1.1 400"))
        #expect(server.stop() == 0)
        for target in ["/events?access_token=…&after=0", "/ComputeNode?…", "/ComputeNode?hostname=…&limit=5"] {
            #expect(server.log.contains(target), "\(server.log)")
        }
        for secret in [token, Self.password] + token.split(separator: ".").map(String.init) {
            #expect(!server.log.contains(secret), "\(server.log)")
        }
    }

    @Test("has an answer whose length nobody knows before when it has been sent, with how much that was")
    func lengths() async throws {
        let server = try await ServerProcess(in: Workspace())
        let text = String(repeating: "d", count: 1000)
        let nodes = (0..<20_000).map { #"{"hostname":"n\#($0)","architecture":"a","description":"\#(text)"}"# }
        #expect(try server.write("POST", "/ComputeNode", "[\(nodes.joined(separator: ","))]").status == 201)
        let zipped = try server.request("GET", "/ComputeNode?limit=100", headers: ["Accept-Encoding": "gzip"])
        #expect(try await server.line(containing: "ComputeNode?limit=100").contains("bytes=\(zipped.body.count)"))
        let chosen = try server.request("GET", "/ComputeNode?fields=hostname&limit=101")
        let line = try await server.line(containing: "limit=101")
        #expect(line.contains("bytes=\(chosen.body.count)") && !line.contains("aborted"))
        for path in ["/ComputeNode?fields=hostname,description&limit=19999", "/ComputeNode?limit=19998"] {
            let client = try HTTPConnection(port: server.port)
            client.limitUnread(to: 4096)
            try client.send("GET", path)
            #expect(try client.head().status == 200)
            client.cut()
            let line = try await server.line(containing: String(path.suffix(11)))
            let bytes = line.firstMatch(of: #/bytes=([0-9]+)/#).flatMap { Int($0.output.1) }
            #expect(line.contains("aborted") && bytes.map { $0 < 20_000_000 } ?? false, "\(line)")
        }
    }

    @Test(
        "and the messages of a start that fails have no part of what may have a password in it",
        arguments: [
            ["--attach", "a-b=postgres://u:hunter2@db/x"], ["--attach", "a=s3://key:hunter2@bucket"],
            ["--snapshot-copy", "s3://key:hunter2@bucket/x"], ["--restore-from", "ftp://u:hunter2@host/x"],
            ["--config", "attach: [a=postgres://u:hunter2@db/x"], ["--config", "attach: \"hunter2"],
        ]
    )
    func starts(arguments: [String]) throws {
        let workspace = try Workspace()
        var arguments = arguments
        if arguments[0] == "--config" {
            arguments[1] = try workspace.file("config.yaml", "\(arguments[1])\nlisten: 1\n")
        }
        let result = try ServerProcess.finished(["serve", "--data-dir", workspace.data.path] + arguments)
        #expect(result.status != 0 && !result.output.contains("hunter2"), "\(result.output)")
    }
}
