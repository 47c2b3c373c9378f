import Foundation
import RawHTTP
import Schema
import Testing

@Suite("Credentials of BMCs", .timeLimit(.minutes(10)))
struct CredentialTests {
    private static func bmc(_ number: Int, _ password: String) -> String {
        #"{"xname":"x1000c0s\#(number)b0","username":"root","password":"\#(password)","#
            + #""mac_address":"02:00:00:00:00:0\#(number)"}"#
    }

    private static let key = Data(repeating: 7, count: 32).base64EncodedString()
    private static let otherKey = Data(repeating: 9, count: 32).base64EncodedString()

    private static func token(_ roles: String..., of server: ServerProcess) throws -> String {
        let options = roles.flatMap { ["--role", $0] }
        return try Command.run(["token", "--subject", "power"] + options, server.workspace).output
            .trimmingCharacters(in: .newlines)
    }

    /// The passwords of the BMCs 0 to `count` as the server gives them; nil where it does not.
    private static func passwords(_ server: ServerProcess, count: Int = 3) throws -> [String?] {
        let token = try server.clientToken()
        return try (0..<count).map { number in
            let answer = try server.request("GET", "/BMC/x1000c0s\(number)b0/credentials", token: token)
            guard answer.status == 200 else { return nil }
            return try JSONValue(parsing: answer.body)["password"]?.string
        }
    }

    private static func fill(_ server: ServerProcess) throws {
        let bodies = (0..<3).map { bmc($0, "secret\($0)") }
        #expect(try server.write("POST", "/BMC", "[\(bodies.joined(separator: ","))]").status == 201)
    }

    /// The key in whose name each BMC's password is sealed in the journal's newest lines.
    private static func rotation(_ answer: HTTPConnection.Answer) throws -> JSONValue {
        #expect(answer.status == 200, "\(answer.text)")
        return try JSONValue(parsing: answer.body)
    }

    @Test("are given to whoever has the role, by any name of the BMC, and are kept by nobody on the way")
    func read() async throws {
        let server = try await ServerProcess(in: Workspace())
        try Self.fill(server)
        let token = try Self.token("credentials", of: server)
        for path in ["/BMC/x1000c0s1b0", "/bmc/x1000c0s1b0", "/inventory/BMC/02:00:00:00:00:01", "/BMC/020000-000001"] {
            let answer = try server.request(
                "GET",
                "\(path)/credentials",
                token: token,
                headers: ["Accept-Encoding": "gzip"]
            )
            #expect(answer.status == 200, "\(path): \(answer.text)")
            #expect(answer.headers["cache-control"] == "no-store")
            let json = try JSONValue(parsing: answer.body)
            #expect(json["username"] == "root" && json["password"] == "secret1" && json["xname"] == "x1000c0s1b0")
        }
        #expect(try server.request("GET", "/BMC/x9c0s0b0/credentials", token: token).status == 404)
        #expect(try server.request("GET", "/BMC/x1000c0s1b0/credentials").status == 401)
        for role in ["viewer", "operator", "service"] {
            let token = try Self.token(role, of: server)
            #expect(try server.request("GET", "/BMC/x1000c0s1b0/credentials", token: token).status == 403)
        }
        #expect(try server.write("PATCH", "/BMC/x1000c0s1b0", #"{"password":"new"}"#).status == 200)
        #expect(try Self.passwords(server) == ["secret0", "new", "secret2"])
        #expect(server.stop() == 0)
        let open = try await ServerProcess(in: server.workspace, ["--insecure-no-auth"])
        let answer = try open.request("GET", "/BMC/x1000c0s1b0/credentials")
        #expect(answer.status == 403 && answer.text.contains("with a token only"), "\(answer.text)")
    }

    @Test(
        "are sealed anew with a new key of the server's, while it runs and by the command; going back still opens them"
    )
    func rotated() async throws {
        let workspace = try Workspace()
        let file = workspace.data.appending(path: "keys/credential.key")
        let before: Data
        do {
            let server = try await ServerProcess(in: workspace)
            try Self.fill(server)
            before = try Data(contentsOf: file)
            let first = try Self.rotation(try server.write("POST", "/credentials/rotate"))
            #expect(first["resealed"] == 3 && first["unreadable"] == 0)
            let old = try #require(first["old"]?.array.first)
            #expect(first["old"]?.array.count == 1 && old["key"] != first["key"])
            // Until the thirty days of history that are kept are over.
            let until = try Date(#require(old["until"]?.string), strategy: .iso8601)
            #expect(abs(until.timeIntervalSinceNow - 30 * 86_400) < 3600)
            #expect(try Data(contentsOf: file) != before)
            #expect(try Self.passwords(server) == ["secret0", "secret1", "secret2"])
            // Documents are as they were, and the journal says who has done it and why.
            let history = try server.request("GET", "/BMC/x1000c0s0b0/history", token: server.clientToken())
            #expect(history.text.contains("sealed with the credential key"))
            #expect(try server.write("PATCH", "/BMC/x1000c0s0b0", #"{"password":"later"}"#).status == 200)
            // Back to where the old key had sealed them: they are sealed with the new one again.
            #expect(try server.write("POST", "/restore?at=1").status == 200)
            #expect(try Self.passwords(server) == ["secret0", "secret1", "secret2"])
            let second = try Self.rotation(try server.write("POST", "/credentials/rotate"))
            #expect(second["resealed"] == 3 && second["old"]?.array.count == 2)
            #expect(server.stop() == 0)
        }
        let offline = try Command.run("credentials", "rotate", in: workspace)
        #expect(offline.status == 0, "\(offline.errors)")
        #expect(offline.output.contains("sealed 3 resources with the key"), "\(offline.output)")
        let server = try await ServerProcess(in: workspace)
        #expect(try Self.passwords(server) == ["secret0", "secret1", "secret2"])
        #expect(
            try Command.run("credentials", "rotate", in: workspace).errors.contains(
                "POST 'http://HOST:PORT/credentials/rotate'"
            )
        )
        // The file has a line for each key, the newest first.
        #expect(
            try String(contentsOf: file, encoding: .utf8).split(separator: "\n").last
                == before.base64EncodedString()[...]
        )
    }

    @Test("need an old key no longer than what is kept does: then it goes, and the log says so")
    func forgotten() async throws {
        let workspace = try Workspace()
        let options = ["--snapshot-keep", "1", "--history-keep-for", "0", "--snapshot-freq", "0"]
        let old: String
        do {
            let server = try await ServerProcess(in: workspace, options)
            try Self.fill(server)
            #expect(try server.write("POST", "/snapshots").status == 201)
            let rotation = try Self.rotation(try server.write("POST", "/credentials/rotate"))
            old = try #require(rotation["old"]?.array.first?["key"]?.string)
            // The last snapshot is the first that does not need it, but the journal does.
            #expect(server.stop() == 0)
            #expect(!server.log.contains("needs an old credential key"))
        }
        let server = try await ServerProcess(in: workspace, options)
        #expect(try server.write("PATCH", "/BMC/x1000c0s0b0", #"{"description":"d"}"#).status == 200)
        #expect(try server.write("POST", "/snapshots").status == 201)
        #expect(try await server.line(containing: "nothing that is kept needs an old credential key").contains(old))
        let file = workspace.data.appending(path: "keys/credential.key")
        #expect(try String(contentsOf: file, encoding: .utf8).split(separator: "\n").count == 1)
        #expect(try Self.passwords(server) == ["secret0", "secret1", "secret2"])
    }

    @Test("are sealed with the first key of a file or of a command's output, and opened with the others")
    func given() async throws {
        let workspace = try Workspace()
        do {
            let file = try workspace.file("keys", Self.key + "\n")
            let server = try await ServerProcess(in: workspace, ["--credentials-key-file", file])
            try Self.fill(server)
            #expect(!FileManager.default.fileExists(atPath: workspace.data.appending(path: "keys/credential.key").path))
            // A new key comes before the old one; the server reads the file again.
            _ = try workspace.file("keys", "\(Self.otherKey)\n\(Self.key)\n")
            let rotation = try Self.rotation(try server.write("POST", "/credentials/rotate"))
            #expect(rotation["resealed"] == 3 && rotation["old"]?.array.count == 1)
            #expect(try Self.passwords(server) == ["secret0", "secret1", "secret2"])
            // A wrong file changes nothing.
            _ = try workspace.file("keys", "nonsense\n")
            let refusal = try server.write("POST", "/credentials/rotate")
            #expect(
                refusal.status == 503 && refusal.text.contains("the credential keys cannot be read"),
                "\(refusal.text)"
            )
            #expect(try Self.passwords(server) == ["secret0", "secret1", "secret2"])
            #expect(server.stop() == 0)
            #expect(server.log.contains("is 32 bytes, or a line of base64"))
            #expect(!server.log.contains("nonsense") && !server.log.contains(Self.otherKey))
        }
        let other = try await ServerProcess(
            in: workspace,
            ["--credentials-key-command", "printf %s '\(Self.otherKey)'"]
        )
        #expect(try Self.passwords(other) == ["secret0", "secret1", "secret2"])
        #expect(other.stop() == 0)
        let wrong = try await ServerProcess(in: workspace, ["--credentials-key-command", "echo \(Self.key)"])
        #expect(wrong.log.contains("sealed with another credential key"))
        #expect(try Self.passwords(wrong) == [nil, nil, nil])
        #expect(wrong.stop() == 0)
    }

    @Test(
        "are not served where the key cannot be had; the message says why, and nothing of what was printed",
        arguments: [
            ("exit 3", "fails"), ("echo marked; exit 1", "fails"), ("echo marked", "gives no credential keys"),
            ("head -c 100000 /dev/zero", "more than 64 KiB"), ("/nowhere/vault", "fails"),
            ("true", "gives no credential keys"),
        ]
    )
    func failing(command: String, reason: String) throws {
        let start = try Command.run("serve", "--credentials-key-command", command, in: Workspace())
        #expect(start.status == 1 && start.errors.contains(reason), "\(start.errors)")
        #expect(!start.errors.contains("marked"))
    }

    @Test("are sealed with keys of a file only where other users cannot read it")
    func readable() throws {
        let workspace = try Workspace()
        let file = try workspace.file("keys", Self.key + "\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let start = try Command.run("serve", "--credentials-key-file", file, in: workspace)
        #expect(start.status == 1 && start.errors.contains("other users can read it"), "\(start.errors)")
        let both = ["serve", "--credentials-key-file", file, "--credentials-key-command", "true"]
        #expect(try Command.run(both, workspace).status == 64)
    }

    @Test("stay readable when others write while the key is changed, and the server is killed in the middle of it")
    func killed() async throws {
        let workspace = try Workspace()
        do {
            let server = try await ServerProcess(in: workspace)
            let nodes = (0..<2000).map { number in
                #"{"xname":"x\#(1000 + number / 64)c0s\#(number % 64)b0","username":"u","password":"p\#(number)","#
                    + #""mac_address":"02:00:00:01:\#(Self.hex(number >> 8)):\#(Self.hex(number & 255))"}"#
            }
            #expect(try server.write("POST", "/BMC", "[\(nodes.joined(separator: ","))]").status == 201)
            let connection = try HTTPConnection(port: server.port)
            try connection.send("POST", "/credentials/rotate", token: server.clientToken())
            // Between two of its transactions others write.
            let stream = try server.events("after=1")
            _ = try stream.next()
            #expect(
                try server.write("PATCH", "/BMC/x1000c0s0b0", #"{"description":"written meanwhile"}"#).status == 200
            )
            _ = server.stop(SIGKILL)
        }
        let server = try await ServerProcess(in: workspace)
        #expect(server.log.contains("sealed with an older credential key"))
        let token = try server.clientToken()
        for number in stride(from: 0, to: 2000, by: 97) {
            let path = "/BMC/x\(1000 + number / 64)c0s\(number % 64)b0/credentials"
            let answer = try server.request("GET", path, token: token)
            #expect(answer.text.contains(#""password":"p\#(number)""#), "\(number): \(answer.text)")
        }
        let rotation = try Self.rotation(try server.write("POST", "/credentials/rotate"))
        // What the first had done, it had done with a key that is older now.
        #expect(rotation["resealed"] == 2000 && rotation["unreadable"] == 0)
    }

    private static func hex(_ number: Int) -> String {
        let text = String(number, radix: 16)
        return text.count < 2 ? "0\(text)" : text
    }
}
