import Foundation
import HTTPSupport
import Inventory
import RawHTTP
import TestSupport
import Testing
import Tokens

@Suite("Roles", .timeLimit(.minutes(10)))
struct RoleTests {
    /// Who sends a request.
    private enum Sender {
        case nobody
        case badToken
        case roles([Role])

        static let all = [nobody, badToken, roles([])] + Role.allCases.map { roles([$0]) }

        var name: String {
            switch self {
            case .nobody: "nobody"
            case .badToken: "bad"
            case .roles(let roles): roles.first?.rawValue ?? "none"
            }
        }

        var token: String? {
            switch self {
            case .nobody: nil
            case .badToken: RoleTests.token([.admin], secret: "another")
            case .roles(let roles): RoleTests.token(roles, subject: name)
            }
        }

        /// The status of the refusal of a request that roles count for; nil where it is carried out.
        func refusal(of access: RouteAccess, readsAreOpen: Bool) -> Int? {
            let permission: Permission
            switch (access, self) {
            case (.always, _): return nil
            case (_, .badToken): return 401
            case (.open, _) where readsAreOpen: return nil
            case (.open, _): permission = .read
            case (.whoMay(let needed), _): permission = needed
            }
            guard case .roles(let roles) = self else { return 401 }
            return permission.roles.contains(where: roles.contains) ? nil : 403
        }
    }

    private static func token(
        _ roles: [Role],
        subject: String = "alice",
        secret: String = TestToken.secret
    ) -> String {
        let claims = TokenClaims(subject: subject, issued: Date(), lifetime: 600, roles: roles)
        return TokenKey(secret: Array(secret.utf8)).sign(claims)
    }

    private static func server(_ workspace: Workspace, _ arguments: String...) async throws -> ServerProcess {
        let file = try workspace.file("secret", TestToken.secret)
        return try await ServerProcess(in: workspace, ["--jwt-secret-file", file] + arguments)
    }

    /// Has each sender use each route.
    ///
    /// - Returns: What was refused with 401 or 403, by an identifier of the request.
    private static func refusals(
        _ server: ServerProcess,
        _ routes: [(path: String, method: String, access: RouteAccess)]
    ) throws -> [String: Int] {
        var refusals: [String: Int] = [:]
        for (index, route) in routes.enumerated() {
            let path = route.path.replacing("{ref}", with: "x9c9s9b9").replacing("{id}", with: "none")
            for sender in Sender.all {
                let connection = try HTTPConnection(port: server.port)
                try connection.send(
                    route.method,
                    path,
                    token: sender.token,
                    headers: ["Content-Type": "application/json", "X-Request-ID": "\(index)-\(sender.name)"],
                    body: ["GET", "HEAD"].contains(route.method) ? nil : "{}"
                )
                // The feed has no end.
                let status = try connection.head().status
                if [401, 403].contains(status) { refusals["\(index)-\(sender.name)"] = status }
            }
        }
        return refusals
    }

    @Test("decide about every route as its rule says; in shadow the log has just what would be refused")
    func everyRoute() async throws {
        let routes = try await RouteRules.all()
        #expect(routes.count > 100)
        func expected(readsAreOpen: Bool) -> [String: Int] {
            var refusals: [String: Int] = [:]
            for (index, route) in routes.enumerated() {
                for sender in Sender.all {
                    refusals["\(index)-\(sender.name)"] = sender.refusal(of: route.access, readsAreOpen: readsAreOpen)
                }
            }
            return refusals
        }
        let standard = try await Self.server(Workspace(), "--default-role", "none")
        #expect(try Self.refusals(standard, routes) == expected(readsAreOpen: true))
        let strict = try await Self.server(Workspace(), "--default-role", "none", "--auth-reads", "--authz", "enforce")
        #expect(try Self.refusals(strict, routes) == expected(readsAreOpen: false))
        #expect(!strict.log.contains("would be refused"))

        let shadow = try await Self.server(
            Workspace(),
            "--default-role",
            "none",
            "--auth-reads",
            "--authz",
            "shadow",
            "--log-format",
            "json"
        )
        let unsigned = expected(readsAreOpen: false).filter { $0.value == 401 }
        #expect(try Self.refusals(shadow, routes) == unsigned)
        #expect(shadow.stop() == 0)
        _ = try await shadow.line(containing: "stopped")
        let lines = shadow.log.split(separator: "\n").filter { $0.contains("would be refused for the caller's roles") }
        let logged = try lines.map { line in
            let json = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return try #require(json?["hb.request.id"] as? String)
        }
        #expect(logged.sorted() == expected(readsAreOpen: false).filter { $0.value == 403 }.keys.sorted())

        let off = try await Self.server(Workspace(), "--default-role", "none", "--auth-reads", "--authz", "off")
        #expect(try Self.refusals(off, routes) == unsigned)
        #expect(!off.log.contains("would be refused"))
    }

    @Test("have their routes in the documentation, each with who may use it")
    func documented() async throws {
        let kinds = Set(Kind.clientNames.map(\.0))
        let documented = try Self.documentedRules()
        var rules: Set<String> = []
        for route in try await RouteRules.all() where route.method != "HEAD" {
            var parts = route.path.split(separator: "/").map(String.init)
            if parts.first == "inventory" { parts.removeFirst() }
            if let first = parts.first, kinds.contains(first) { parts[0] = "{Kind}" }
            if parts.first == "schemas", parts.count == 2 { parts[1] = "{Kind}.json" }
            rules.insert("\(route.method) /\(parts.joined(separator: "/")): \(Self.text(route.access))")
        }
        #expect(documented.subtracting(rules) == [], "documented, but not so")
        #expect(rules.subtracting(documented) == [], "not documented")
    }

    /// The lines of the table of routes, as "METHOD PATH: WHO".
    private static func documentedRules() throws -> Set<String> {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/http.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let table = text.components(separatedBy: "\n| Who | may use |\n")
        try #require(table.count == 2)
        var rules: Set<String> = []
        for line in table[1].split(separator: "\n", omittingEmptySubsequences: false).dropFirst() {
            guard line.hasPrefix("|") else { break }
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            for route in cells[1].matches(of: #/`([A-Z, ]+) (/[^`]*)`/#) {
                for method in route.output.1.split(separator: ", ") {
                    rules.insert("\(method) \(route.output.2): \(cells[0])")
                }
            }
        }
        return rules
    }

    private static func text(_ access: RouteAccess) -> String {
        switch access {
        case .always: "everybody"
        case .open: "everybody; with `--auth-reads` every role"
        case .whoMay(.read): "every role"
        case .whoMay(.write): "operator, service, admin"
        case .whoMay(.administer): "admin"
        case .whoMay(.readCredentials): "credentials, admin"
        }
    }

    @Test("that are missing are named in the 403, with those that the token has")
    func refused() async throws {
        let server = try await Self.server(Workspace())
        func refusal(_ method: String, _ path: String, _ token: String) throws -> HTTPConnection.Answer {
            try server.request(method, path, token: token)
        }
        let viewer = try refusal("DELETE", "/ComputeNode/n", Self.token([.viewer, .credentials]))
        #expect(viewer.status == 403)
        #expect(
            viewer.text.contains(
                "This needs the role operator, service or admin. The token has credentials and viewer."
            )
        )
        #expect(viewer.headers["www-authenticate"] == #"Bearer error="insufficient_scope""#)
        let nameless = try refusal("DELETE", "/snapshots/s", TestToken.signed(TestToken.claims(#","role":"root""#)))
        #expect(nameless.status == 403)
        #expect(
            nameless.text.contains(
                "needs the role admin. The token names no role that is known here, and counts as operator."
            )
        )
        // The body of a request that is refused is not asked for.
        let connection = try HTTPConnection(port: server.port)
        try connection.send(
            "POST /ComputeNode HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer \(Self.token([.viewer]))\r\n"
                + "Content-Type: application/json\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n"
        )
        #expect(try connection.answer().status == 403)
    }

    @Test("are needed of attached data only where a statement reads it")
    func attachedData() async throws {
        let workspace = try Workspace()
        let file = try workspace.file("racks.csv", "rack,row\nx1000,1\n")
        let statements = [#"{"sql":"SELECT count(*) FROM bmcs"}"#, #"{"sql":"SELECT rack FROM racks"}"#]
        func statuses(_ server: ServerProcess, _ roles: [Role]) throws -> [Int] {
            try statements.map { try server.request("POST", "/query", token: Self.token(roles), body: $0).status }
        }
        do {
            let server = try await Self.server(workspace, "--attach", "racks=\(file)")
            for role in Role.allCases {
                #expect(try statuses(server, [role]) == [200, role == .admin ? 200 : 403], "\(role)")
            }
            #expect(server.stop() == 0)
        }
        let shadow = try await Self.server(workspace, "--attach", "racks=\(file)", "--authz", "shadow")
        #expect(try statuses(shadow, [.viewer]) == [200, 200])
        _ = try await shadow.line(containing: "would be refused for the caller's roles")
    }

    @Test("come from other claims by the file of --role-map, which is refused where it says what is none")
    func mapped() async throws {
        let workspace = try Workspace()
        let map = try workspace.file(
            "roles.yaml",
            "scope:\n  inventory.write: operator\nrealm_access.roles:\n  hpc: [viewer, credentials]\n"
        )
        let server = try await Self.server(workspace, "--role-map", map, "--default-role", "none")
        for (claims, status) in [
            (#","scope":"openid inventory.write""#, 404), (#","scope":"operator""#, 403),
            (#","realm_access":{"roles":["hpc"]}"#, 403), ("", 403), (#","role":"service""#, 404),
        ] {
            let token = TestToken.signed(TestToken.claims(claims))
            #expect(try server.request("DELETE", "/BMC/x", token: token).status == status, "\(claims)")
        }
        for (text, reason) in [
            ("- 1", "does not consist of keys"), ("scope: operator", "scope has no values with roles"),
            ("scope:\n  a: root", "scope: a is none of the roles viewer, operator"),
            ("scope: {a: }", "none of the roles"),
            ("a: [", "wrong.yaml (--role-map): "),
        ] {
            let file = try workspace.file("wrong.yaml", text)
            let start = try Command.run("serve", "--role-map", file, in: Workspace())
            #expect(start.status == 1 && start.errors.contains(reason), "\(text): \(start.errors)")
        }
    }

    @Test("are written by the token command, operator unless it is told; a wrong one is refused")
    func written() async throws {
        let server = try await ServerProcess(in: Workspace())
        func token(_ roles: String...) throws -> String {
            let options = roles.flatMap { ["--role", $0] }
            return try Command.run(["token", "--subject", "a"] + options, server.workspace).output.trimmingCharacters(
                in: .newlines
            )
        }
        for (token, statuses) in [
            (try token(), [404, 403]), (try token("viewer"), [403, 403]), (try token("admin"), [404, 404]),
            (try token("credentials", "service"), [404, 403]), (try server.clientToken(), [404, 404]),
        ] {
            #expect(try server.request("DELETE", "/BMC/x", token: token).status == statuses[0])
            #expect(try server.request("DELETE", "/snapshots/x", token: token).status == statuses[1])
        }
        let wrong = try Command.run(["token", "--subject", "a", "--role", "root"])
        #expect(wrong.status == 64 && wrong.errors.contains("operator"), "\(wrong.errors)")
        for options in [["--authz", "shadow"], ["--default-role", "viewer"], ["--role-map", "f"]] {
            #expect(try Command.run(["serve", "--insecure-no-auth"] + options).status == 64)
        }
        let unknown = try Command.run(["serve", "--default-role", "root"])
        #expect(unknown.status == 64 && unknown.errors.contains("give viewer, operator"), "\(unknown.errors)")
    }
}
