import Foundation
import RawHTTP
import Testing

@Suite("Tokens", .timeLimit(.minutes(5)))
struct TokenTests {
    /// When a token ends.
    private static func end(of token: String) throws -> Date {
        struct Claims: Decodable {
            var exp: Double
        }
        let text = String(token.split(separator: ".")[1]).replacing("-", with: "+").replacing("_", with: "/")
        let padded = text + String(repeating: "=", count: (4 - text.count % 4) % 4)
        let claims = try JSONDecoder().decode(Claims.self, from: #require(Data(base64Encoded: padded)))
        return Date(timeIntervalSince1970: claims.exp)
    }

    private func server(_ workspace: Workspace, _ arguments: String...) async throws -> ServerProcess {
        let file = try workspace.file("secret", TestToken.secret + "\n")
        return try await ServerProcess(in: workspace, ["--jwt-secret-file", file] + arguments)
    }

    @Test("that are good are taken: within 30 s of the clock, with a list of audiences, from another library")
    func accepted() async throws {
        let server = try await server(Workspace())
        let now = Int(Date().timeIntervalSince1970)
        for claims in [
            TestToken.claims(), TestToken.claims(exp: -20), TestToken.claims(#","nbf":\#(now + 20)"#),
            #"{"sub":"alice","iss":"i","aud":["a","b"],"exp":\#(now + 9)}"#,
            TestToken.claims(#","role":"admin","x":{"y":[]}"#),
        ] {
            let answer = try server.request("DELETE", "/ComputeNode/none", token: TestToken.signed(claims))
            #expect(answer.status == 404, "\(claims): \(answer.text)")
        }
    }

    @Test("that nobody has signed are 401, all with the same answer")
    func refused() async throws {
        let server = try await server(Workspace())
        let good = TestToken.claims()
        let parts = TestToken.signed(good).split(separator: ".")
        let tokens = [
            TestToken.signed(good, header: #"{"alg":"none","typ":"JWT"}"#), "e30.e30.", "", "x", "a.b.c", "..",
            TestToken.signed(good, header: #"{"alg":"HS512"}"#),
            TestToken.signed(good, header: #"{"alg":"RS256","kid":"k"}"#),
            TestToken.signed(good, header: "{}"),
            TestToken.signed(good, header: #"{"alg":"HS256","crit":["b64"],"b64":true}"#),
            TestToken.signed(good, header: #"{"alg":"HS256","crit":[]}"#), TestToken.signed(good, secret: "another"),
            TestToken.signed(good, secret: ""), TestToken.signed(TestToken.claims(exp: -40), secret: "another"),
            TestToken.signed(good).dropLast(4) + "AAAA", "\(parts[0]).\(parts[1]).", TestToken.signed(good) + "=",
            String(repeating: "A", count: 10_000),
        ]
        func refusal(_ token: String) throws -> [String] {
            let answer = try server.request("DELETE", "/ComputeNode/none", token: token)
            #expect(answer.status == 401, "\(token)")
            let headers = answer.headers.filter { !["date", "x-request-id"].contains($0.key) }
            return headers.map { "\($0.key): \($0.value)" }.sorted() + [answer.text]
        }
        let first = try refusal(tokens[0])
        #expect(first.contains { $0.hasPrefix(#"www-authenticate: Bearer error="invalid_token""#) }, "\(first)")
        #expect(first.contains("content-type: application/problem+json"))
        for token in tokens { #expect(try refusal(token) == first, "\(token)") }
    }

    @Test("that are signed, but not good, are 401, with the reason")
    func signed() async throws {
        let server = try await server(Workspace(), "--jwt-issuer", "i", "--jwt-audience", "a", "--jwt-audience", "b")
        let now = Int(Date().timeIntervalSince1970)
        let cases: [(claims: String, reason: String)] = [
            (TestToken.claims(exp: -40), "expired"), (TestToken.claims(#","nbf":\#(now + 60)"#), "not valid before"),
            (#"{"iss":"i","aud":"a","exp":\#(now + 60)}"#, "sub"),
            (#"{"sub":"","iss":"i","aud":"a","exp":\#(now + 60)}"#, "sub"),
            (#"{"sub":"s","aud":"a","exp":\#(now + 60)}"#, "iss"),
            (#"{"sub":"s","iss":"x","aud":"a","exp":\#(now + 60)}"#, "issuer"),
            (#"{"sub":"s","iss":"i","exp":\#(now + 60)}"#, "aud"),
            (#"{"sub":"s","iss":"i","aud":[],"exp":\#(now + 60)}"#, "aud"),
            (#"{"sub":"s","iss":"i","aud":["c","d"],"exp":\#(now + 60)}"#, "audience"),
            (#"{"sub":"s","iss":"i","aud":"a"}"#, "exp"),
            (#"{"sub":"s","iss":"i","aud":"a","exp":"tomorrow"}"#, "exp"), ("[]", "no object"),
        ]
        for (claims, reason) in cases {
            let answer = try server.request("DELETE", "/ComputeNode/none", token: TestToken.signed(claims))
            #expect(answer.status == 401, "\(reason): \(answer.text)")
            #expect(answer.text.contains(reason), "\(reason): \(answer.text)")
            #expect(answer.headers["www-authenticate"]?.contains(reason) == true)
        }
        for audience in ["a", "b"] {
            let claims = #"{"sub":"s","iss":"i","aud":"\#(audience)","exp":\#(now + 60)}"#
            #expect(try server.request("DELETE", "/ComputeNode/none", token: TestToken.signed(claims)).status == 404)
        }
    }

    @Test("for clients on the server's machine are made anew while it runs, a week before they end")
    func renewed() async throws {
        let workspace = try Workspace()
        #expect(try await ServerProcess(in: workspace).stop() == 0)
        let old = try ServerProcess.run(
            "token",
            "--data-dir",
            workspace.data.path,
            "--subject",
            "local-admin",
            "--expires-in",
            "\(7 * 86_400 + 5)s"
        )
        #expect(old.status == 0)
        _ = try workspace.file("data/keys/client.token", old.output)
        let server = try await ServerProcess(in: workspace)
        // Five seconds after the old one was made.
        _ = try await server.line(containing: "made a token for clients on this machine")
        let token = try server.clientToken()
        #expect(token != old.output.trimmingCharacters(in: .newlines))
        #expect(try server.request("DELETE", "/ComputeNode/none", token: token).status == 404)
        #expect(try Self.end(of: token) > Date() + 29 * 86_400)
    }

    @Test("are needed for writing and for snapshots, not for reading and for health")
    func needed() async throws {
        let server = try await server(Workspace())
        for (method, path) in [
            ("POST", "/ComputeNode"), ("PUT", "/ComputeNode/x"), ("DELETE", "/inventory/bmc/x"), ("GET", "/snapshots"),
            ("POST", "/snapshots"), ("DELETE", "/snapshots/x"),
        ] {
            #expect(try server.request(method, path, body: "{}").status == 401, "\(method) \(path)")
        }
        for path in ["/ComputeNode", "/BMC", "/schemas", "/healthz", "/readyz", "/metrics"] {
            #expect(try server.request("GET", path).status == 200, "\(path)")
        }
        // A bad token is told, also where none is needed.
        #expect(try server.request("GET", "/ComputeNode", token: "x").status == 401)
    }

    @Test("are needed for reading with --auth-reads, but not for health, and for nothing with --insecure-no-auth")
    func modes() async throws {
        let strict = try await server(Workspace(), "--auth-reads")
        #expect(try strict.request("GET", "/ComputeNode").status == 401)
        #expect(try strict.request("GET", "/healthz").status == 200)
        #expect(try strict.request("GET", "/metrics").status == 401)
        let scraped = try await server(Workspace(), "--auth-reads", "--open-metrics")
        #expect(try scraped.request("GET", "/metrics").status == 200)
        #expect(try scraped.request("GET", "/ComputeNode").status == 401)
        #expect(try strict.request("GET", "/ComputeNode", token: TestToken.signed(TestToken.claims())).status == 200)
        let open = try await ServerProcess(in: Workspace(), ["--insecure-no-auth"])
        let body = #"{"hostname":"h","architecture":"a"}"#
        let json = ["Content-Type": "application/json"]
        #expect(try open.request("POST", "/ComputeNode", headers: json, body: body).status == 201)
        #expect(open.log.contains("accepted without a token"))
    }

    @Test(
        "are not there to keep pages of other sites away with --insecure-no-auth, so Origin, Host and Content-Type do"
    )
    func pages() async throws {
        let server = try await ServerProcess(
            in: Workspace(),
            ["--insecure-no-auth", "--allowed-host", "nodes.example"]
        )
        let json = "Content-Type: application/json"
        let own = "localhost:\(server.port)"
        for (lines, status) in [
            (["Host: \(own)", json], 201), (["Host: 127.0.0.1:\(server.port)", json], 201),
            (["Host: [::1]", json], 201),
            (["Host: NODES.example", json], 201), (["Host: \(ProcessInfo.processInfo.hostName)", json], 201),
            (["Host: evil.example", json], 403), (["Host: \(own)"], 415),
            (["Host: \(own)", "Content-Type: text/plain"], 415),
            (["Host: \(own)", json, "Origin: http://evil.example"], 403),
            (["Host: \(own)", json, "Origin: null"], 403),
            (["Host: \(own)", json, "Origin: http://\(own)"], 201),
            (["Host: evil.example", json, "Origin: http://evil.example"], 403),
        ] {
            let body = #"{"hostname":"h","architecture":"a"}"#
            let connection = try HTTPConnection(port: server.port)
            let head = ["POST /ComputeNode HTTP/1.1"] + lines + ["Content-Length: \(body.utf8.count)"]
            try connection.send(Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
            #expect(try connection.answer().status == status, "\(lines)")
        }
        #expect(try ServerProcess.run("serve", "--allowed-host", "x").status == 64)
    }

    @Test("are made by the token command, with the server's own secret or a given one")
    func made() async throws {
        let workspace = try Workspace()
        let own = try await ServerProcess(in: workspace)
        let data = workspace.data.path
        let token = try ServerProcess.run("token", "--data-dir", data, "--subject", "bob", "--expires-in", "5m")
        #expect(token.status == 0)
        let text = token.output.trimmingCharacters(in: .newlines)
        // The environment says where the data is, to every command.
        let environment = ["NODE_ORCHESTRATOR_DATA_DIR": data]
        #expect(try ServerProcess.run("token", "--subject", "eve", environment: environment).status == 0)
        let collection = #"{"name":"c","type":"job","nodes":[]}"#
        let answer = try own.request("POST", "/NodeCollection", token: text, body: collection)
        #expect(answer.text.contains(#""creator_subject":"bob""#))

        let given = try await server(Workspace())
        // Once a key is configured, the generated one does not count.
        #expect(try given.request("DELETE", "/BMC/x", token: text).status == 401)
        let file = try workspace.file("secret", TestToken.secret)
        let other = try Command.run("token", "--jwt-secret-file", file, "--subject", "bob", in: workspace)
        let otherText = other.output.trimmingCharacters(in: .newlines)
        #expect(try given.request("DELETE", "/BMC/x", token: otherText).status == 404)
    }

    @Test("are not made without a secret or a subject, and the exit status says so")
    func notMade() throws {
        let workspace = try Workspace()
        #expect(try ServerProcess.run("token", "--data-dir", workspace.data.path, "--subject", "bob").status == 1)
        #expect(try ServerProcess.run("token", "--subject", "").status == 64)
        let empty = try workspace.file("empty", "\n")
        #expect(try ServerProcess.run("token", "--jwt-secret-file", empty, "--subject", "bob").status == 1)
    }
}
