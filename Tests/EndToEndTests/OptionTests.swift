import Foundation
import RawHTTP
import Testing

@Suite("Options of serve", .timeLimit(.minutes(5)))
struct OptionTests {
    @Test("come from the command line, else the environment, else the file, else have a default")
    func precedence() async throws {
        let workspace = try Workspace()
        let elsewhere = workspace.folder.appending(path: "elsewhere").path
        let file = try workspace.file(
            "config.yaml",
            """
            snapshot-dir: \(elsewhere)
            log-format: json
            log-level: error
            auth-reads: true
            insecure-no-auth: false
            listen: [127.0.0.1:1]
            """
        )
        let environment = [
            "NODE_ORCHESTRATOR_CONFIG": file, "NODE_ORCHESTRATOR_LOG_LEVEL": "info",
            "NODE_ORCHESTRATOR_DATA_DIR": "/nowhere", "NODE_ORCHESTRATOR_TOKEN": "not an option",
        ]
        let server = try await ServerProcess(
            in: workspace,
            ["--log-format=text"],
            environment: environment
        )
        // The command line over the file, the environment over the file, the command line over the environment.
        #expect(!server.log.contains("{"))
        #expect(server.log.contains("the inventory is empty"))
        #expect(FileManager.default.fileExists(atPath: workspace.data.path))
        // The file over the default.
        #expect(try server.request("GET", "/ComputeNode").status == 401)
        #expect(try server.write("POST", "/Component", #"{"ID":"x1000","Type":"Cabinet"}"#).status == 201)
        #expect(server.stop() == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: elsewhere)
        #expect(names.count { $0.hasPrefix("snapshot=") } == 1)
    }

    @Test("come from JSON too, and there can be several addresses")
    func json() async throws {
        let workspace = try Workspace()
        let file = try workspace.file("config.json", #"{"log-format": "json", "snapshot-keep": 1}"#)
        let server = try await ServerProcess(
            in: workspace,
            ["--config", file, "--listen", "[::1]:0", "--snapshot-freq", "0"]
        )
        _ = try await server.line(containing: "listening on http://[::1]:")
        for cabinet in 1000..<1003 {
            #expect(try server.write("POST", "/Component", #"{"ID":"x\#(cabinet)","Type":"Cabinet"}"#).status == 201)
            #expect(try server.write("POST", "/snapshots").status == 201)
        }
        #expect(try server.write("GET", "/snapshots").text.components(separatedBy: "created_at").count == 2)
    }

    @Test(
        "that are wrong end the program with 64 and a message that says which and where",
        arguments: [
            ("snapshot-frequency: 1m", [:], "there is no key snapshot-frequency"), ("config: x", [:], "no key config"),
            ("- 1", [:], "does not consist of keys"), ("snapshot-keep: many", [:], "snapshot-keep"),
            ("auth-reads: maybe", [:], "auth-reads is true or false"),
            ("log-level: {a: b}", [:], "log-level has no value"),
            ("snapshot-dir:", [:], "snapshot-dir has no value"), ("snapshot-keep: [1, 2]", [:], "one value"),
            ("{", [:], "cannot be read"), ("snapshot-copy: s3://", [:], "--snapshot-copy: the place of copies"),
            ("restore-from: ftp://host/x", [:], "--restore-from: the place of copies is neither a folder nor"),
            ("{}", ["NODE_ORCHESTRATOR_SNAPSHOT_KEEP": "x"], "NODE_ORCHESTRATOR_SNAPSHOT_KEEP"),
            (
                "{}", ["NODE_ORCHESTRATOR_AUTH_READS": "2"],
                "the variable NODE_ORCHESTRATOR_AUTH_READS: auth-reads is true or"
            ),
            ("{}", ["NODE_ORCHESTRATOR_AUTH_READS": "ja"], "(or 1 or 0, yes or no, on or off), not ja"),
        ] as [(String, [String: String], String)]
    )
    func wrongSource(text: String, environment: [String: String], message: String) throws {
        let workspace = try Workspace()
        let file = try workspace.file("config.yaml", text)
        let result = try ServerProcess.run("serve", "--config", file, environment: environment)
        #expect(result.status == 64)
        #expect(result.output.contains(message), "\(result.output)")
    }

    @Test(
        "that are flags may be spelled in many ways in the environment and in the file, and empty variables are none",
        arguments: [
            ("1", true), ("true", true), ("TRUE", true), ("Yes", true), ("on", true), ("0", false), ("false", false),
            ("No", false),
            ("OFF", false), ("", false),
        ]
    )
    func flags(value: String, isSet: Bool) async throws {
        let workspace = try Workspace()
        let environment = [
            "NODE_ORCHESTRATOR_AUTH_READS": value, "NODE_ORCHESTRATOR_SNAPSHOT_KEEP": "",
            "NODE_ORCHESTRATOR_CONFIG": "",
        ]
        let server = try await ServerProcess(in: workspace, environment: environment)
        #expect(try server.request("GET", "/ComputeNode").status == (isSet ? 401 : 200))
        guard !value.isEmpty else { return }
        let file = try workspace.file("config.yaml", "auth-reads: \(value)\n")
        let other = try await ServerProcess(in: Workspace(), ["--config", file])
        #expect(try other.request("GET", "/ComputeNode").status == (isSet ? 401 : 200))
    }

    @Test(
        "that make no sense end the program with 64",
        arguments: [
            ["--snapshot-keep", "0"], ["--insecure-no-auth", "--auth-reads"], ["--listen", "8080"],
            ["--listen", "::1:8080"], ["--listen", "a:70000"], ["--snapshot-freq", "1w"], ["--snapshot-freq=-1s"],
            ["--snapshot-freq", "99999999999d"], ["--snapshot-freq", "1.5h"], ["--snapshot-freq", ""],
            ["--log-level", "loud"], ["--unknown"], ["--config", "/nowhere.yaml"],
            ["--jwks-url", "https://issuer.example/jwks.json"], ["--jwks-keep-for", "1h"],
            ["--jwks-url", "issuer.example", "--jwt-audience", "a"], ["--insecure-no-auth", "--jwt-audience", "a"],
        ]
    )
    func wrongArguments(arguments: [String]) throws {
        let (process, output) = try ServerProcess.finished(["serve"] + arguments)
        #expect(process == 64, "\(output)")
    }

    @Test(
        "say what they expect when a value does not fit",
        arguments: [
            (["--listen", "8080"], "give an address with a port, such as 127.0.0.1:8080"),
            (["--snapshot-freq", "300"], "'--snapshot-freq <time>': give a whole number with its unit, s, m, h or d"),
            (["--snapshot-freq", "1w"], "such as 30s"),
            (["--body-memory", "1000"], "give a whole number with its unit, B, kB, MB, GB, TB, KiB"),
            (["--file-mode", "0777"], "give 0600, 0640 or 0660"),
            (["--fsync", "sometimes"], "'--fsync <always|interval:TIME|never>': give always, never, or interval:"),
            (["--log-format", "xml"], "json"), (["--snapshot-keep", "x"], "'--snapshot-keep <n>'"),
            (["--snapshot-keep-for", "1"], "such as 30s"),
            (
                ["--trusted-proxy", "proxy"],
                "give an address such as 10.0.0.5 or fd00::5, a network such as 10.0.0.0/8, or unix"
            ),
        ]
    )
    func expectations(arguments: [String], expected: String) throws {
        let (_, output) = try ServerProcess.finished(["serve"] + arguments)
        #expect(output.contains(expected) && output.contains(arguments[0]), "\(output)")
    }

    @Test("that name a configuration file which cannot be read say why in the system's words")
    func noFile() throws {
        for (file, reason) in [("/nowhere.yaml", "No such file or directory"), ("/", "Is a directory")] {
            let output = try ServerProcess.finished(["serve", "--config", file]).output
            #expect(output.hasPrefix("Error: the configuration file \(file) cannot be read: \(reason)\n"), "\(output)")
        }
    }

    @Test("that may be repeated may have a list in the file")
    func lists() async throws {
        let workspace = try Workspace()
        let hosts = "insecure-no-auth: true\nallowed-host: [a.example, b.example]\n"
        let server = try await ServerProcess(in: workspace, ["--config", workspace.file("config.yaml", hosts)])
        for (host, status) in [("a.example", 404), ("b.example", 404), ("c.example", 403)] {
            let connection = try HTTPConnection(port: server.port)
            try connection.send(Array("DELETE /NodeCollection/none HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8))
            #expect(try connection.answer().status == status, "\(host)")
        }
    }

    @Test("that name what cannot be used end the program with 1 and a message")
    func unusable() async throws {
        let workspace = try Workspace()
        let file = try workspace.file("file", "")
        #expect(try ServerProcess.run("serve", "--data-dir", file).status == 1)
        #expect(
            try ServerProcess.run("serve", "--data-dir", workspace.data.path, "--jwt-secret-file", file).status == 1
        )
        let server = try await ServerProcess(in: workspace)
        let other = workspace.folder.appending(path: "other").path
        let taken = try ServerProcess.run("serve", "--data-dir", other, "--listen", "127.0.0.1:\(server.port)")
        #expect(taken.status == 1)
        #expect(taken.output.contains("cannot listen on 127.0.0.1:\(server.port): Address already in use"))
        // An address for documentation (RFC 3849), which no machine has.
        let foreign = try ServerProcess.run("serve", "--data-dir", other, "--listen", "[2001:db8::1]:8080")
        #expect(foreign.status == 1)
        #expect(foreign.output.contains("cannot listen on [2001:db8::1]:8080: "), "\(foreign.output)")
    }

    @Test(
        "have a placeholder in the help of each command, which ends with an example that the command takes",
        arguments: [
            ["serve"], ["query"], ["restore"], ["diff"], ["schemas"], ["token"], ["journal", "verify"],
            ["journal", "repair"], ["snapshot", "list"], ["snapshot", "create"], ["snapshot", "verify"],
            ["snapshot", "delete"], ["snapshot", "prune"], ["snapshot", "restore"],
        ]
    )
    func placeholders(command: [String]) throws {
        let workspace = try Workspace()
        let file = try workspace.file("config.yaml", "")
        let help = try ServerProcess.finished(command + ["--help"]).output
        for match in help.matches(of: #/--([a-z-]+) <([^>]+)>/#) where match.output.1.contains("-") {
            #expect(match.output.1 != match.output.2)
        }
        let examples = help.split(separator: "\n").filter { $0.hasPrefix("  node-orchestrator ") }.map { line in
            line.dropFirst(2).matches(of: #/'([^']*)'|\S+/#).dropFirst().map { String($0.output.1 ?? $0.output.0) }
        }
        #expect(help.contains("EXAMPLES:\n  node-orchestrator ") && !examples.isEmpty)
        for example in examples {
            #expect(Array(example.prefix(command.count)) == command)
            // It is read whole before the last word, which nothing knows, ends it.
            let words = example.map { $0.hasSuffix(".yaml") ? file : $0 }
            let result = try ServerProcess.finished(words + ["--no-such-option"])
            #expect(
                result.status == 64 && result.output.contains("Unknown option '--no-such-option'"),
                "\(result.output)"
            )
        }
    }

    @Test("are explained by --help, and --version says the version")
    func help() throws {
        let help = try ServerProcess.run("serve", "--help")
        #expect(help.status == 0)
        for option in ["--listen", "--data-dir", "--trusted-proxy", "--snapshot-freq", "default: 1h", "--config"] {
            #expect(help.output.contains(option), "\(option)")
        }
        #expect(try ServerProcess.run("--version").output.hasPrefix("0."))
    }
}
