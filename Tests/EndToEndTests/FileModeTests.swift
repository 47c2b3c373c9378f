import Foundation
import RawHTTP
import Testing

@Suite("Files")
struct FileModeTests {
    /// The permissions of everything in a folder, by path.
    private func modes(in folder: URL) throws -> [String: Int] {
        var modes: [String: Int] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) + [""] {
            let file = path.isEmpty ? folder : folder.appending(path: path)
            modes[path] = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        }
        return modes
    }

    private func isFolder(_ mode: Int) -> Bool { mode & 0o100 != 0 }

    private func filled(_ workspace: Workspace, _ arguments: String...) async throws {
        let server = try await ServerProcess(in: workspace, arguments)
        #expect(try server.write("POST", "/Component", #"{"ID":"x1000","Type":"Cabinet"}"#).status == 201)
        #expect(try server.write("POST", "/snapshots").status == 201)
        #expect(server.stop() == 0)
    }

    @Test("are the server's user's alone, or also the group's with --file-mode")
    func new() async throws {
        for (arguments, files, folders) in [([], 0o600, 0o700), (["--file-mode", "0640"], 0o640, 0o750)] {
            let workspace = try Workspace()
            let server = try await ServerProcess(in: workspace, arguments)
            #expect(try server.write("POST", "/Component", #"{"ID":"x1000","Type":"Cabinet"}"#).status == 201)
            #expect(try server.write("POST", "/snapshots").status == 201)
            for (path, mode) in try modes(in: workspace.data) {
                let isPrivate = path.hasPrefix("keys") || path.hasPrefix("tmp") || path.hasSuffix("lock")
                let wanted = isPrivate ? (isFolder(mode) ? 0o700 : 0o600) : (isFolder(mode) ? folders : files)
                #expect(mode == wanted, "\(path): \(String(mode, radix: 8))")
            }
            #expect(server.stop() == 0)
        }
    }

    @Test("of earlier starts lose what others may do with journal and keys; of snapshots only with --file-mode")
    func old() async throws {
        let workspace = try Workspace()
        try await filled(workspace)
        for (path, mode) in try modes(in: workspace.data) {
            let open = isFolder(mode) ? 0o755 : 0o644
            try FileManager.default.setAttributes(
                [.posixPermissions: open],
                ofItemAtPath: workspace.data.appending(path: path).path
            )
        }
        let server = try await ServerProcess(in: workspace)
        #expect(server.log.contains("took permissions") && server.log.contains("what=keys"))
        for (path, mode) in try modes(in: workspace.data) {
            if path.hasPrefix("journal") || path.hasPrefix("keys") || path == "head" {
                #expect(mode & 0o077 == 0, "\(path)")
            }
            if path.hasSuffix(".parquet"), path.contains("Component") { #expect(mode == 0o644) }
        }
        #expect(server.stop() == 0)
        let strict = try await ServerProcess(in: workspace, ["--file-mode", "0600"])
        #expect(try modes(in: workspace.data.appending(path: "snapshots")).allSatisfy { $0.value & 0o077 == 0 })
        #expect(strict.stop() == 0)
        #expect(!(try await ServerProcess(in: workspace)).log.contains("took permissions"))
        #expect(try ServerProcess.run("serve", "--file-mode", "0644").status == 64)
    }

    @Test("with a secret that others can read are warned of, those that they can write are refused")
    func secret() async throws {
        let workspace = try Workspace()
        let file = try workspace.file("secret", "a secret that is long enough for HS256")
        func allow(_ mode: Int) throws {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        }
        try allow(0o644)
        let server = try await ServerProcess(in: workspace, ["--jwt-secret-file", file])
        #expect(server.log.contains("other users can read the secret file"))
        #expect(server.stop() == 0)
        try allow(0o662)
        let data = workspace.data.path
        let refused = try ServerProcess.run("serve", "--data-dir", data, "--jwt-secret-file", file)
        #expect(refused.status == 1 && refused.output.contains("(--jwt-secret-file): other users can write it"))
        try allow(0o600)
        #expect(!(try await ServerProcess(in: workspace, ["--jwt-secret-file", file])).log.contains("other users"))
    }

    @Test("with the memory of a server that crashes are not left, unless it is told to", arguments: [false, true])
    func coreDumps(areWanted: Bool) async throws {
        let server = try await ServerProcess(in: Workspace(), areWanted ? ["--core-dumps"] : [])
        func text(_ name: String) throws -> String {
            try String(contentsOfFile: "/proc/\(server.identifier)/\(name)", encoding: .utf8)
        }
        let limit = try #require(try text("limits").split(separator: "\n").first { $0.hasPrefix("Max core file size") })
        let isOff = limit.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"]
        let own = try String(contentsOfFile: "/proc/self/limits", encoding: .utf8)
        #expect(areWanted ? own.contains(limit) : isOff)
        let filter = try text("coredump_filter").trimmingCharacters(in: .newlines)
        #expect((filter == "00000000") != areWanted)
    }
}
