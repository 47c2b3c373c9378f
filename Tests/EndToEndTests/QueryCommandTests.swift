import Foundation
import Schema
import Testing

@Suite("The query command", .timeLimit(.minutes(5)))
struct QueryCommandTests {
    private static let names = "SELECT hostname FROM compute_nodes ORDER BY hostname"

    /// Asks about a data folder, or with `--server` a server.
    private func query(_ arguments: String..., in workspace: Workspace, input: String? = nil) throws -> Command.Result {
        try Command.run(["query"] + arguments, workspace, input: input)
    }

    /// A server with the nodes n0 to n3, created by the transactions 1 to 4.
    private func filled() async throws -> ServerProcess {
        let server = try await ServerProcess(in: Workspace(), ["--snapshot-freq", "0", "--query-timeout", "4m"])
        for slot in 0..<4 { try Command.write(server, "POST", "/ComputeNode", Command.node(slot, "n\(slot)")) }
        return server
    }

    private func leftovers(_ workspace: Workspace) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: workspace.data.appending(path: "snapshots").path)
            .filter { $0.hasPrefix(".partial-query-") }
    }

    @Test("gives the same by a server, beside it, without it, and of a snapshot alone")
    func everyWay() async throws {
        let server = try await filled()
        let workspace = server.workspace
        let expected = "hostname\nn0\nn1\nn2\nn3\n"
        #expect(try query("--server", server.url, Self.names, in: workspace).output == expected)
        #expect(try query(Self.names, in: workspace).output == expected)
        let snapshot = try Command.write(server, "POST", "/snapshots")
        try Command.write(server, "DELETE", "/ComputeNode/x1000c0s0b0n0")
        #expect(try query(Self.names, in: workspace).output == "hostname\nn1\nn2\nn3\n")
        let folder = workspace.data.appending(path: "snapshots").path
        #expect(try query("--snapshots", folder, Self.names, in: workspace).output == expected)
        #expect(server.stop() == 0)
        #expect(try query(Self.names, in: workspace).output == "hostname\nn1\nn2\nn3\n")
        for moment in ["2", try #require(snapshot["id"]?.string), "4"] {
            let count = try query("--at", moment, "SELECT count(*) AS n FROM compute_nodes", in: workspace)
            #expect(count.output == (moment == "2" ? "n\n2\n" : "n\n4\n"))
        }
        let changes = "SELECT count(*) AS n FROM changes WHERE kind = 'ComputeNode'"
        #expect(try query(changes, in: workspace).output == "n\n5\n")
        let history = "SELECT count(*) AS n, count(DISTINCT snapshot) AS s FROM history_compute_nodes"
        // The server has taken a snapshot at its end.
        #expect(try query(history, in: workspace).output == "n,s\n7,2\n")
        #expect(try query("--snapshots", folder, history, in: workspace).output == "n,s\n7,2\n")
        #expect(try leftovers(workspace) == [])
    }

    @Test("takes SQL from a file or from standard input, with values for its parameters")
    func input() async throws {
        let server = try await filled()
        let workspace = server.workspace
        let file = try workspace.file(
            "nodes.sql",
            "-- one node\nSELECT xname\nFROM compute_nodes WHERE hostname = ?;\n"
        )
        for way in [["--server", server.url], []] {
            let found = try Command.run(["query", "--file", file, "--param", "n2"] + way, workspace)
            #expect(found.output == "xname\nx1000c0s2b0n0\n")
            let values = "SELECT typeof(?) AS a, typeof(?) AS b, typeof(?) AS c, ? AS d"
            let parameters = ["1", "true", "x1", "null"].flatMap { ["--param", $0] }
            let typed = try Command.run(["query"] + parameters + way, workspace, input: values)
            #expect(typed.output == "a,b,c,d\nBIGINT,BOOLEAN,VARCHAR,\n")
        }
    }

    @Test("writes a file in the format of its ending, and leaves none where the statement fails")
    func files() async throws {
        let server = try await filled()
        let workspace = server.workspace
        let endings = [
            "csv": "hostname\nn0\n", "json": #"{"sequence":4,"#, "ndjson": #"{"sequence":4,"#, "parquet": "PAR1",
        ]
        for (ending, start) in endings {
            for (index, way) in [["--server", server.url], []].enumerated() {
                let file = workspace.folder.appending(path: "answer\(index).\(ending)")
                let result = try Command.run(["query", Self.names, "-o", file.path] + way, workspace)
                #expect(result.status == 0 && result.output == "", "\(result.errors)")
                #expect(try Data(contentsOf: file).starts(with: Data(start.utf8)))
            }
        }
        let failed = try query(
            "SELECT error('no')",
            "-o",
            workspace.folder.appending(path: "none.csv").path,
            in: workspace
        )
        #expect(failed.status == 1)
        let names = try FileManager.default.contentsOfDirectory(atPath: workspace.folder.path)
        #expect(!names.contains { $0.contains("none") })
    }

    @Test("shows a table where it is asked to, with nothing in it that a terminal would obey")
    func table() async throws {
        let server = try await filled()
        let sql =
            "SELECT hostname, _version AS v, NULL AS nothing, chr(27) || '[2J' AS escape FROM compute_nodes ORDER BY 1"
        let found = try query("--server", server.url, "--format", "table", sql, in: server.workspace)
        #expect(
            Command.lines(found).prefix(2) == [
                "hostname  v  nothing  escape", "n0        1     NULL  �[2J",
            ]
        )
        #expect(Command.lines(found).last == "(4 rows)")
        let none = try query("--format", "table", "SELECT 1 AS a LIMIT 0", in: server.workspace)
        #expect(Command.lines(none) == ["a", "(0 rows)"])
    }

    @Test("says what is wrong, and where")
    func errors() async throws {
        let server = try await filled()
        let workspace = server.workspace
        for way in [["--server", server.url], []] {
            let result = try Command.run(["query", "SELECT hostname,\n  xname FORM compute_nodes"] + way, workspace)
            #expect(result.status == 1 && result.output == "")
            let lines = result.errors.split(separator: "\n")
            #expect(lines.first?.hasPrefix("Error: The statement does not parse") == true, "\(result.errors)")
            #expect(
                lines.suffix(2) == ["LINE 2:   xname FORM compute_nodes", "                     ^"],
                "\(result.errors)"
            )
            let future = try Command.run(["query", "--at", "99", "SELECT 1"] + way, workspace)
            #expect(future.status == 1 && future.errors.contains("has not been reached"))
        }
        let stranger = try query("--server", server.url, "SELECT 1", in: Workspace())
        #expect(stranger.status == 1)
        #expect(stranger.errors.contains("--token-file") && stranger.errors.contains("NODE_ORCHESTRATOR_TOKEN"))
        #expect(server.stop() == 0)
        let gone = try query("--server", server.url, "SELECT 1", in: workspace)
        #expect(gone.status == 1)
        #expect(gone.errors == "Error: cannot talk to \(server.url): Connection refused\n")
        let secret = server.url.replacing("://", with: "://user:hunter2@")
        #expect(try query("--server", secret, "SELECT 1", in: workspace).errors == gone.errors)
        let wrong = try query("--server", server.url, "--snapshots", "x", "SELECT 1", in: workspace)
        #expect(wrong.status == 64)
        let empty = try query("--snapshots", workspace.folder.path, "SELECT 1", in: workspace)
        #expect(empty.errors.contains("there are no snapshots in"))
    }

    @Test("asks a terminal for statements, completes names, and gives up what is interrupted")
    func prompt() async throws {
        let server = try await filled()
        let home = ["HOME": server.workspace.folder.path, "TERM": "dumb"]
        let terminal = try Terminal(["query", "--server", server.url, "--data-dir", server.workspace.data.path], home)
        try terminal.awaitOutput("sql> ")
        try terminal.type("SELECT host\t FROM compute_nodes\n")
        try terminal.awaitOutput("...> ")
        try terminal.type("ORDER BY 1 LIMIT 2;\n")
        try terminal.awaitOutput("n0")
        try terminal.awaitOutput("(2 rows)")
        try terminal.awaitOutput("sql> ")
        // So long is nothing computed but what has no end.
        let end = try server.computedTicks + 50
        try terminal.type("SELECT count(*) FROM range(1000000000000) WHERE range % 7 = 3;\n")
        while try server.computedTicks < end { try await Task.sleep(for: .milliseconds(10)) }
        try terminal.interrupt()
        try terminal.awaitOutput("given up")
        try terminal.awaitOutput("sql> ")
        try terminal.type("SELEC 1;\n")
        try terminal.awaitOutput("does not parse")
        try terminal.awaitOutput("sql> ")
        try terminal.type(".quit\n")
        #expect(terminal.end() == 0)
        let history = server.workspace.folder.appending(path: ".node-orchestrator_history")
        #expect(try String(contentsOf: history, encoding: .utf8).contains("SELECT hostname"))
    }
}
