import Foundation
import RawHTTP
import Schema
import Testing

@Suite("The audit log", .timeLimit(.minutes(10)))
struct AuditTests {
    private static func file(_ workspace: Workspace) -> URL { workspace.data.appending(path: "audit/audit.log") }

    private static func lines(_ workspace: Workspace) throws -> [String] {
        try String(contentsOf: file(workspace), encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// The events that the command prints.
    private static func events(_ workspace: Workspace, _ options: String...) throws -> [JSONValue] {
        let result = try Command.run(["audit", "--json"] + options, workspace)
        return try Command.lines(result).map { try JSONValue(parsing: Array($0.utf8)) }
    }

    private static func write(_ lines: [String], _ workspace: Workspace) throws {
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file(workspace))
    }

    private static func bmc(_ password: String) -> String {
        #"{"xname":"x1000c0s0b0","username":"root","password":"\#(password)","mac_address":"02:00:00:00:00:01"}"#
    }

    @Test(
        "has writes, refusals, reads of credentials and what administrators do: who, from where, what, when and the request"
    )
    func recorded() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace)
        let viewer = try Command.run(["token", "--subject", "eve", "--role", "viewer"], workspace).output
            .trimmingCharacters(in: .newlines)
        let begin = Date()
        func send(_ id: String, _ method: String, _ path: String, _ body: String? = nil, token: String?) throws -> Int {
            let headers = ["X-Request-ID": id, "Content-Type": "application/json"]
            return try server.request(method, path, token: token, headers: headers, body: body).status
        }
        let admin = try server.clientToken()
        #expect(try send("r1", "POST", "/BMC", Self.bmc("marked-password"), token: admin) == 201)
        #expect(try send("r2", "GET", "/BMC", token: admin) == 200)
        #expect(try send("r3", "GET", "/BMC/x1000c0s0b0/credentials?access_token=marked-token", token: admin) == 400)
        #expect(try send("r4", "GET", "/BMC/x1000c0s0b0/credentials", token: admin) == 200)
        #expect(try send("r5", "GET", "/BMC/x1000c0s0b0/credentials", token: viewer) == 403)
        #expect(try send("r6", "DELETE", "/BMC/x1000c0s0b0", token: "marked-token") == 401)
        #expect(try send("r7", "PATCH", "/BMC/none", "{}", token: admin) == 404)
        #expect(try send("r8", "POST", "/restore?at=0", token: admin) == 200)
        #expect(server.stop() == 0)

        let events = try Self.events(workspace)
        func event(_ id: String) -> [String] {
            events.filter { $0["request"]?.string == id && $0["event"] != "transaction" }.map { event in
                let status = event["status"].map(\.text) ?? "begins"
                return
                    "\(event["event"]?.string ?? "") \(event["who"]?.string ?? "-") \(event["path"]?.string ?? "") \(status)"
            }
        }
        #expect(event("r1") == ["write local-admin /BMC 201"])
        #expect(event("r2") == [])
        #expect(event("r3") == ["credentials local-admin /BMC/x1000c0s0b0/credentials 400"])
        #expect(
            event("r4") == [
                "credentials local-admin /BMC/x1000c0s0b0/credentials begins",
                "credentials local-admin /BMC/x1000c0s0b0/credentials 200",
            ]
        )
        #expect(event("r5") == ["refusal eve /BMC/x1000c0s0b0/credentials 403"])
        #expect(event("r6") == ["refusal - /BMC/x1000c0s0b0 401"])
        #expect(event("r7") == ["write local-admin /BMC/none 404"])
        #expect(
            event("r8") == ["administration local-admin /restore begins", "administration local-admin /restore 200"]
        )
        let write = try #require(events.first { $0["event"] == "write" })
        #expect(write["from"] == "127.0.0.1" && write["roles"] == ["admin"] && write["sequence"]?.text == "1")
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let time = try Date(#require(write["at"]?.string), strategy: style)
        #expect(time > begin - 1 && time < Date())
        // The transactions of the journal are there, too, and the log has neither passwords nor tokens.
        let transactions = events.filter { $0["event"] == "transaction" }
        #expect(transactions.map { $0["request"]?.string } == ["r1", "r8"])
        #expect(transactions.allSatisfy { $0["from"] == "127.0.0.1" && $0["who"] == "local-admin" })
        let text = try Self.lines(workspace).joined()
        #expect(!text.contains("marked") && !text.contains(admin) && !text.contains(viewer))
        #expect(try Self.events(workspace, "--who", "eve").count == 1)
        #expect(try Self.events(workspace, "--since", "1h").count == events.count)
        #expect(try Self.events(workspace, "--since", "2999-01-01T00:00:00Z").isEmpty)
        let table = try Command.lines(Command.run("audit", in: workspace))
        #expect(table[0].hasPrefix("TIME") && table.contains { $0.contains("refusal") && $0.contains("eve") })
    }

    @Test("shows where a line was taken out, changed, added or moved, and goes on at the next start")
    func chain() async throws {
        let workspace = try Workspace()
        for number in 0..<3 {
            let server = try await ServerProcess(in: workspace)
            #expect(try server.write("PATCH", "/BMC/none\(number)", "{}").status == 404)
            #expect(server.stop() == 0)
        }
        let good = try Self.lines(workspace)
        #expect(good.count == 4)
        #expect(try Command.run("audit", in: workspace).status == 0)
        func fault(_ lines: [String]) throws -> String? {
            try Self.write(lines, workspace)
            let result = try Command.run("audit", in: workspace)
            #expect(result.status == (result.errors.isEmpty ? 0 : 1))
            return result.errors.split(separator: "\n").dropFirst().first.map(String.init)
        }
        #expect(try fault(good) == nil)
        for index in 0..<3 {
            #expect(try #require(try fault(Array(good[..<index] + good[(index + 1)...]))).contains("line \(index + 1)"))
        }
        #expect(
            try #require(try fault([good[0], good[1].replacing("none0", with: "none9"), good[2], good[3]])).contains(
                "line 2"
            )
        )
        #expect(try #require(try fault([good[0], good[1], good[1], good[2], good[3]])).contains("line 3"))
        #expect(try #require(try fault([good[0], good[2], good[1], good[3]])).contains("line 2"))
        #expect(try #require(try fault([good[0], good[1], "{}", good[2], good[3]])).contains("line 3"))

        // A line that was not written to its end is cut off; what is no audit log is not touched.
        try Data((good.joined(separator: "\n") + "\n" + good[3].prefix(40)).utf8).write(to: Self.file(workspace))
        let server = try await ServerProcess(in: workspace)
        #expect(server.log.contains("ended with a line that was not written to its end"))
        #expect(server.stop() == 0)
        #expect(try fault(Self.lines(workspace)) == nil)
        try Data("somebody's notes\n".utf8).write(to: Self.file(workspace))
        let start = try Command.run("serve", in: workspace)
        #expect(start.status == 1 && start.errors.contains("is no audit log"), "\(start.errors)")
        #expect(try Self.lines(workspace) == ["somebody's notes"])
    }

    @Test("goes on in a new file after SIGHUP when somebody has renamed it")
    func hangUp() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace)
        #expect(try server.write("PATCH", "/BMC/none1", "{}").status == 404)
        let (file, older) = (Self.file(workspace), Self.file(workspace).appendingPathExtension("1"))
        try FileManager.default.moveItem(at: file, to: older)
        kill(server.identifier, SIGHUP)
        _ = try await server.line(containing: "SIGHUP")
        #expect(try server.write("PATCH", "/BMC/none2", "{}").status == 404)
        #expect(server.stop() == 0)
        #expect(try Self.events(workspace).compactMap { $0["path"]?.string } == ["/BMC/none1", "/BMC/none2"])
        #expect(try Self.lines(workspace).count == 2)
        // The two files are one chain.
        let lines = try String(contentsOf: older, encoding: .utf8).split(separator: "\n")
        try Data((lines[0] + "\n").utf8).write(to: older)
        #expect(try Command.run("audit", in: workspace).status == 1)
    }

    @Test("begins a new file when it has its size, and keeps one older")
    func size() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace, ["--audit-log-max-size", "1MB"])
        let token = try server.clientToken()
        let connection = try HTTPConnection(port: server.port)
        let name = String(repeating: "n", count: 2000)
        for _ in 0..<1200 {
            try connection.send("DELETE", "/BMC/\(name)", token: token)
            #expect(try connection.answer().status == 404)
        }
        #expect(server.stop() == 0)
        let folder = Self.file(workspace).deletingLastPathComponent()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names == ["audit.log", "audit.log.1"])
        for name in names {
            let path = folder.appending(path: name).path
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(try #require(attributes[.size] as? Int) <= 1_000_000)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
        #expect(try Command.run("audit", in: workspace).status == 0)
    }

    @Test("has no more than some refusals of each second, and counts the others")
    func refusals() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace)
        let connection = try HTTPConnection(port: server.port)
        let count = 1500
        for _ in 0..<count {
            try connection.send("DELETE", "/BMC/x")
            #expect(try connection.answer().status == 401)
        }
        // The first of another second says how many were left out.
        try await Task.sleep(for: .seconds(1 - Date().timeIntervalSince1970.truncatingRemainder(dividingBy: 1)))
        #expect(try server.request("DELETE", "/BMC/x").status == 401)
        let metrics = try server.request("GET", "/metrics").text
        #expect(server.stop() == 0)
        let refusals = try Self.events(workspace).filter { $0["event"] == "refusal" }
        let omitted = refusals.compactMap { $0["omitted"].flatMap { Int($0.text) } }.reduce(0, +)
        #expect(omitted > 0 && refusals.count + omitted == count + 1)
        #expect(metrics.contains("audit_refusals_omitted_total \(omitted)"))
    }

    @Test("stops what must be recorded before it is done, and nothing else, while it cannot be written")
    func fullDisk() async throws {
        let workspace = try Workspace()
        let folder = workspace.folder.appending(path: "small")
        guard let disk = try SmallDisk(at: folder, size: "1m") else { return }
        let file = folder.appending(path: "audit.log")
        let server = try await ServerProcess(in: workspace, ["--audit-log", file.path])
        #expect(try server.write("POST", "/BMC", Self.bmc("secret")).status == 201)
        #expect(try server.write("GET", "/BMC/x1000c0s0b0/credentials").status == 200)
        try disk.fill()
        // The file has a little room of its own.
        var refusal = try server.write("GET", "/BMC/x1000c0s0b0/credentials")
        for _ in 0..<100 where refusal.status == 200 {
            refusal = try server.write("GET", "/BMC/x1000c0s0b0/credentials")
        }
        #expect(refusal.status == 503 && refusal.text.contains("audit log") && !refusal.text.contains("secret"))
        #expect(try server.write("POST", "/restore?at=0").status == 503)
        #expect(try server.write("PATCH", "/BMC/x1000c0s0b0", #"{"description":"d"}"#).status == 200)
        #expect(try server.request("GET", "/BMC/x1000c0s0b0").text.contains("secret") == false)
        _ = try await server.line(containing: "the audit log cannot be written")
        try disk.makeRoom()
        #expect(try server.write("GET", "/BMC/x1000c0s0b0/credentials").status == 200)
        _ = try await server.line(containing: "the audit log is written again")
        #expect(server.stop() == 0)
        let result = try Command.run("audit", "--json", "--audit-log", file.path, in: workspace)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains(#""lost":"#))
    }

    @Test("is not written where nobody wants it")
    func none() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace, ["--audit-log", "none"])
        #expect(try server.write("POST", "/restore?at=0").status == 200)
        #expect(server.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: Self.file(workspace).path))
        #expect(try Command.run("audit", in: workspace).errors.contains("there is no audit log"))
    }
}
