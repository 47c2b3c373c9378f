import Foundation
import RawHTTP
import Testing

@Suite("Stopping and starting", .serialized, .timeLimit(.minutes(5)))
struct RestartTests {
    private static let nodes = (0..<50).map { index in
        #"{"hostname":"n\#(index)","architecture":"arm64","xname":"x1000c0s\#(index)b0n0","description":"ü \"\#(index)\""}"#
    }

    @Test("with SIGTERM or SIGINT exits with 0, and a new start gives the same bytes", arguments: [SIGTERM, SIGINT])
    func clean(signal: Int32) async throws {
        let workspace = try Workspace()
        let first = try await ServerProcess(in: workspace)
        #expect(try first.write("POST", "/ComputeNode", "[\(Self.nodes.joined(separator: ","))]").status == 201)
        let all = try first.request("GET", "/ComputeNode")
        let one = try first.request("GET", "/inventory/ComputeNode/x1000c0s7b0n0")
        #expect(first.stop(signal) == 0)

        let second = try await ServerProcess(in: workspace)
        let allAgain = try second.request("GET", "/ComputeNode")
        #expect(allAgain.body == all.body)
        #expect(allAgain.body.count > 5000)
        let oneAgain = try second.request("GET", "/inventory/ComputeNode/x1000c0s7b0n0")
        #expect(oneAgain.body == one.body)
        #expect(oneAgain.headers["etag"] == one.headers["etag"])
    }

    @Test("is not what SIGHUP does")
    func hangUp() async throws {
        let server = try await ServerProcess(in: Workspace())
        kill(server.identifier, SIGHUP)
        _ = try await server.line(containing: "SIGHUP")
        #expect(try server.write("POST", "/ComputeNode", Self.nodes[0]).status == 201)
        #expect(server.stop() == 0)
    }

    @Test("with SIGKILL loses nothing that was answered")
    func killed() async throws {
        let workspace = try Workspace()
        let first = try await ServerProcess(in: workspace)
        for node in Self.nodes { #expect(try first.write("POST", "/ComputeNode", node).status == 201) }
        #expect(try first.write("DELETE", "/ComputeNode/x1000c0s7b0n0").status == 204)
        let all = try first.request("GET", "/ComputeNode")
        _ = first.stop(SIGKILL)
        let second = try await ServerProcess(in: workspace)
        #expect(second.log.contains("replayed the journal"))
        #expect(try second.request("GET", "/ComputeNode").body == all.body)
        #expect(try second.request("GET", "/ComputeNode/x1000c0s7b0n0").status == 404)
    }

    @Test("with no snapshot that can be read loses nothing while there is a journal, and without one refuses to start")
    func damaged() async throws {
        let workspace = try Workspace()
        let first = try await ServerProcess(in: workspace)
        #expect(try first.write("POST", "/ComputeNode", Self.nodes[0]).status == 201)
        #expect(first.stop() == 0)
        let snapshots = workspace.data.appending(path: "snapshots")
        let folders = try FileManager.default.contentsOfDirectory(atPath: snapshots.path)
        let folder = try #require(folders.first { $0.hasPrefix("snapshot=") })
        let file = snapshots.appending(path: "\(folder)/BMC.parquet")
        let bytes = try Data(contentsOf: file)
        try Data().write(to: file)
        let second = try await ServerProcess(in: workspace)
        #expect(try second.request("GET", "/ComputeNode/x1000c0s0b0n0").status == 200)
        #expect(second.log.contains("skipped a snapshot"))
        _ = second.stop(SIGKILL)
        try FileManager.default.removeItem(at: workspace.data.appending(path: "journal"))
        let third = try ServerProcess.run("serve", "--data-dir", workspace.data.path, "--listen", "127.0.0.1:0")
        #expect(third.status == 1)
        #expect(third.output.contains("/data/journal/"))
        #expect(third.output.contains("is missing, the newest segment of the journal"))
        try bytes.write(to: file)
        #expect(try ServerProcess.run("serve", "--data-dir", workspace.data.path).status == 1)
        // Only who accepts the loss goes on from the snapshot.
        let repair = try ServerProcess.run("journal", "repair", "--data-dir", workspace.data.path)
        #expect(repair.status == 0)
        #expect(repair.output.contains("No state is lost"), "\(repair.output)")
        let fourth = try await ServerProcess(in: workspace)
        #expect(try fourth.request("GET", "/ComputeNode/x1000c0s0b0n0").status == 200)
    }

    @Test("a second server on the same data directory refuses to start")
    func second() async throws {
        let workspace = try Workspace()
        let first = try await ServerProcess(in: workspace)
        let data = workspace.data.path
        let result = try ServerProcess.run("serve", "--data-dir", data, "--listen", "127.0.0.1:0")
        #expect(result.status == 1)
        #expect(result.output.contains("another server is using"))
        #expect(first.stop() == 0)
    }

    @Test("a second server on the same folder of snapshots refuses to start")
    func sharedSnapshots() async throws {
        let workspace = try Workspace()
        let snapshots = workspace.folder.appending(path: "shared").path
        let first = try await ServerProcess(in: workspace, ["--snapshot-dir", snapshots])
        let result = try ServerProcess.run(
            "serve",
            "--data-dir",
            workspace.folder.appending(path: "other").path,
            "--snapshot-dir",
            snapshots,
            "--listen",
            "127.0.0.1:0"
        )
        #expect(result.status == 1)
        #expect(result.output.contains("another server is using \(snapshots)"))
        #expect(first.stop() == 0)
    }

    @Test("finishes a request that has begun before it stops")
    func finishesRequests() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace, ["--log-level", "debug"])
        let body = Self.nodes[0]
        let token = try server.clientToken()
        // On a thread, since a stop does not wait for long.
        let status = try await onThread {
            let connection = try HTTPConnection(port: server.port)
            let head = """
                POST /ComputeNode HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r
                Content-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\n\r\n
                """
            try connection.send(Array(head.utf8))
            #expect(try connection.answer().status == 100)
            kill(server.identifier, SIGTERM)
            while !server.log.contains("Signal caught") { Thread.sleep(forTimeInterval: 0.001) }
            try connection.send(Array(body.utf8))
            return try connection.answer().status
        }
        #expect(status == 201)
        #expect(await Task.detached { server.stop() }.value == 0)
        let second = try await ServerProcess(in: workspace)
        #expect(try second.request("GET", "/ComputeNode/x1000c0s0b0n0").status == 200)
    }

    @Test("on an empty folder warns, serves an empty inventory and says how to make a token")
    func empty() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace)
        #expect(try server.request("GET", "/ComputeNode").text == "[]")
        #expect(server.log.contains("the inventory is empty"))
        #expect(server.log.contains("node-orchestrator token"))
        for name in ["token.key", "client.token", "credential.key"] {
            let file = workspace.data.appending(path: "keys/\(name)")
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }
}
