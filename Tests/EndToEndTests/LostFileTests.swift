import Foundation
import RawHTTP
import Testing

@Suite("A running server whose files are taken away", .timeLimit(.minutes(5)))
struct LostFileTests {
    private static func cabinet(_ number: Int) -> String { #"{"ID":"x\#(number)","Type":"Cabinet"}"# }

    @Test(
        "acknowledges nothing more within seconds, says so, and has everything once they are back",
        arguments: ["journal", "journal/00000000000000000001.ndjson", "head", "lock", "snapshots"]
    )
    func taken(path: String) async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace, ["--snapshot-freq", "0"])
        #expect(try server.write("POST", "/Component", Self.cabinet(1000)).status == 201)
        let (file, elsewhere) = (workspace.data.appending(path: path), workspace.folder.appending(path: "elsewhere"))
        try FileManager.default.moveItem(at: file, to: elsewhere)
        var acknowledged = ["x1000"]
        var number = 1001
        while true {
            let status = try server.write("POST", "/Component", Self.cabinet(number)).status
            if status == 503 { break }
            #expect(status == 201)
            acknowledged.append("x\(number)")
            number += 1
        }
        _ = try await server.line(containing: "put it back and start again")
        #expect(try server.request("GET", "/readyz").status == 503)
        #expect(try server.request("GET", "/Component/x1000").status == 200)
        _ = server.stop(SIGKILL)
        if path.hasPrefix("journal") || path == "head" {
            let refused = try ServerProcess.run("serve", "--data-dir", workspace.data.path, "--listen", "127.0.0.1:0")
            #expect(refused.status == 1)
            #expect(refused.output.contains(file.path))
        }
        if FileManager.default.fileExists(atPath: file.path) { try FileManager.default.removeItem(at: file) }
        try FileManager.default.moveItem(at: elsewhere, to: file)
        let again = try await ServerProcess(in: workspace)
        for name in acknowledged { #expect(try again.request("GET", "/Component/\(name)").status == 200) }
    }

    @Test("keeps others away though its lock file is removed")
    func removedLock() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace)
        try FileManager.default.removeItem(at: workspace.data.appending(path: "lock"))
        let second = try ServerProcess.run("serve", "--data-dir", workspace.data.path, "--listen", "127.0.0.1:0")
        #expect(second.status == 1)
        #expect(second.output.contains("another server is using"))
        _ = server
    }

    @Test("of another server's snapshots refuses to start, even when that has stopped")
    func sharedSnapshots() async throws {
        let workspace = try Workspace()
        let snapshots = workspace.folder.appending(path: "shared").path
        let first = try await ServerProcess(in: workspace, ["--snapshot-dir", snapshots])
        #expect(try first.write("POST", "/Component", Self.cabinet(1000)).status == 201)
        #expect(first.stop() == 0)
        let other = workspace.folder.appending(path: "other").path
        let arguments = ["serve", "--data-dir", other, "--snapshot-dir", snapshots, "--listen", "127.0.0.1:0"]
        let second = try ServerProcess.finished(arguments)
        #expect(second.status == 1)
        #expect(second.output.contains("\(other)/head is missing"), "\(second.output)")
        let third = try await ServerProcess(in: workspace, ["--snapshot-dir", snapshots])
        #expect(try third.request("GET", "/Component/x1000").status == 200)
    }
}
