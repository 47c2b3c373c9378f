import Foundation
import Schema
import TestSupport
import Testing

@Suite("Commands on a data folder", .timeLimit(.minutes(10)))
struct CommandTests {
    // MARK: Helpers

    /// What a command printed, and how it ended.
    private struct Result {
        var status: Int32
        var output: String
        var errors: String
    }

    private static func run(
        _ arguments: [String],
        _ workspace: Workspace? = nil,
        environment: [String: String] = [:]
    ) throws -> Result {
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = ServerProcess.program
        process.arguments = arguments + (workspace.map { ["--data-dir", $0.data.path] } ?? [])
        process.environment = environment
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Of errors there are less than a pipe holds.
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaints = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Result(status: process.terminationStatus, output: text, errors: complaints)
    }

    private static func run(_ arguments: String..., in workspace: Workspace) throws -> Result {
        try run(arguments, workspace)
    }

    private static func lines(_ result: Result) -> [String] {
        #expect(result.status == 0, "\(result.errors)")
        return result.output.split(separator: "\n").map(String.init)
    }

    private static func start(_ workspace: Workspace) async throws -> ServerProcess {
        try await ServerProcess(in: workspace, ["--snapshot-freq", "0"])
    }

    @discardableResult
    private static func write(
        _ server: ServerProcess,
        _ method: String,
        _ path: String,
        _ body: String? = nil
    ) throws -> JSONValue {
        let answer = try server.write(method, path, body)
        guard (200..<300).contains(answer.status) else { throw ServerError(output: answer.text) }
        return answer.body.isEmpty ? .null : try JSONValue(parsing: answer.body)
    }

    private static func node(_ slot: Int, _ hostname: String) -> String {
        #"{"hostname":"\#(hostname)","xname":"x1000c0s\#(slot)b0n0","architecture":"arm64"}"#
    }

    /// Changes a byte in the middle of a range of a file.
    private static func flip(_ file: URL, in range: (Data) -> Range<Int>) throws {
        var bytes = try Data(contentsOf: file)
        let range = range(bytes)
        bytes[(range.lowerBound + range.upperBound) / 2] ^= 1
        try bytes.write(to: file)
    }

    // MARK: Snapshots

    @Test("list, verify, delete and prune snapshots")
    func snapshots() async throws {
        let workspace = try Workspace()
        let server = try await Self.start(workspace)
        #expect(try Self.run("snapshot", "list", in: workspace).output.isEmpty)
        #expect(try Self.run("snapshot", "list", "--json", in: workspace).output == "[]\n")
        var ids: [String] = []
        for slot in 0..<4 {
            try Self.write(server, "POST", "/ComputeNode", Self.node(slot, "n\(slot)"))
            ids.insert(try #require(try Self.write(server, "POST", "/snapshots")["id"]?.string), at: 0)
        }
        let list = try server.write("GET", "/snapshots").text
        #expect(try Self.run("snapshot", "list", "--json", in: workspace).output == list + "\n")
        #expect(server.stop() == 0)

        let table = Self.lines(try Self.run("snapshot", "list", in: workspace)).map { $0.split(separator: " ") }
        #expect(table.first?.contains("ComputeNode") == true)
        #expect(table.dropFirst().map { String($0[0]) } == ids)
        #expect(table.dropFirst().map { $0[3] } == ["4", "3", "2", "1"])
        #expect(Self.lines(try Self.run("snapshot", "verify", in: workspace)) == ids.map { "\($0) ok" })

        // Damage is found, named, and does not stop the rest.
        let folder = workspace.data.appending(path: "snapshots")
        try Self.flip(folder.appending(path: "snapshot=\(ids[1])/ComputeNode.parquet")) { 0..<$0.count }
        try Data("{".utf8).write(to: folder.appending(path: "snapshot=\(ids[2])/manifest.json"))
        let damaged = try Self.run("snapshot", "verify", in: workspace)
        #expect(damaged.status == 1)
        let verdicts = damaged.output.split(separator: "\n")
        #expect(verdicts.count == 4)
        #expect(verdicts[1].hasPrefix("\(ids[1]) damaged: ComputeNode.parquet"))
        #expect(verdicts[2].hasPrefix("\(ids[2]) damaged: manifest.json"))
        #expect(try Self.run("snapshot", "verify", ids[0], ids[3], in: workspace).status == 0)
        let missing = try Self.run("snapshot", "verify", "2020-01-01T00-00-00.000Z", in: workspace)
        #expect(missing.status == 1)
        #expect(missing.output == "2020-01-01T00-00-00.000Z missing\n")
        let broken = Self.lines(try Self.run("snapshot", "list", in: workspace))
        #expect(broken[3].contains("\(ids[2])  -") && broken[3].contains("cannot be read: manifest.json"))

        #expect(Self.lines(try Self.run("snapshot", "delete", ids[2], ids[1], in: workspace)) == [ids[2], ids[1]])
        let unknown = try Self.run("snapshot", "delete", ids[0], ids[1], in: workspace)
        #expect(unknown.status == 1)
        #expect(unknown.errors.contains("there is no snapshot \(ids[1])"))
        let pruned = try Self.run(
            "snapshot",
            "prune",
            "--snapshot-keep",
            "1",
            "--history-keep-for",
            "0",
            in: workspace
        )
        #expect(Self.lines(pruned) == [ids[3]])
        let only = try Self.run("snapshot", "delete", ids[0], in: workspace)
        #expect(only.status == 1)
        #expect(only.errors.contains("could not be restored"))
        #expect(Self.lines(try Self.run("snapshot", "verify", in: workspace)) == ["\(ids[0]) ok"])
    }

    @Test("create takes a snapshot of what only the journal has, and none of what has not changed")
    func create() async throws {
        let workspace = try Workspace()
        let server = try await Self.start(workspace)
        try Self.write(server, "POST", "/ComputeNode", Self.node(0, "a"))
        _ = server.stop(SIGKILL)
        let elsewhere = workspace.folder.appending(path: "elsewhere").path
        let created = try Self.run("snapshot", "create", "--snapshot-dir", elsewhere, in: workspace)
        let id = try #require(Self.lines(created).first)
        #expect(created.output == id + "\n")
        let again = try Self.run("snapshot", "create", "--snapshot-dir", elsewhere, in: workspace)
        #expect(again.output == created.output)
        #expect(again.errors.contains("nothing has changed"))
        // A folder of snapshots needs no data folder.
        let verified = try Self.run(["snapshot", "verify", "--snapshot-dir", elsewhere, "--data-dir", "/nowhere"])
        #expect(verified.output == "\(id) ok\n")
        #expect(try Self.run("snapshot", "list", in: workspace).output.isEmpty)
    }

    @Test("create removes no snapshots, however many there are; that is what prune is for")
    func createKeeps() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace, ["--snapshot-freq", "0", "--snapshot-keep", "100"])
        // Two more than are kept by default.
        var ids: [String] = []
        for number in 0..<26 {
            try Self.write(server, "POST", "/ComputeNode", Self.node(number, "n\(number)"))
            ids.append(try #require(try Self.write(server, "POST", "/snapshots")["id"]?.string))
        }
        try Self.write(server, "POST", "/ComputeNode", Self.node(26, "n26"))
        _ = server.stop(SIGKILL)
        for option in ["--snapshot-keep", "--snapshot-keep-for", "--history-keep-for"] {
            let files = try workspace.everyFile.map(\.path)
            let refused = try Self.run("snapshot", "create", option, "1", in: workspace)
            #expect(refused.status == 64)
            #expect(refused.errors.contains("Unknown option '\(option)'"), "\(refused.errors)")
            #expect(try workspace.everyFile.map(\.path) == files)
        }
        ids += Self.lines(try Self.run("snapshot", "create", in: workspace))
        #expect(ids.count == 27)
        let table = Self.lines(try Self.run("snapshot", "list", in: workspace)).dropFirst()
        #expect(table.compactMap { $0.split(separator: " ").first.map(String.init) } == ids.reversed())
        // The journal is all there too.
        #expect(Self.lines(try Self.run("diff", "0", "1", in: workspace)).last?.hasPrefix("2 added") == true)
        let pruned = Self.lines(
            try Self.run("snapshot", "prune", "--snapshot-keep", "3", "--history-keep-for", "0", in: workspace)
        )
        #expect(pruned.sorted() == Array(ids.dropLast(3)))
    }

    // MARK: Going back

    @Test("diff shows what changed, and restore goes back to it")
    func restore() async throws {
        let workspace = try Workspace()
        var server = try await Self.start(workspace)
        let long = String(repeating: "ü", count: 150)
        let first = """
            {"hostname":"a","xname":"x1000c0s0b0n0","architecture":"arm64","description":"\(long)",
            "network_interfaces":[{"interface_name":"eth0","mac_address":"02:00:00:00:00:01",
            "extended_data":{"a.b":[1,2],"0":true}},{"interface_name":"eth1","mac_address":"02:00:00:00:00:02"}],
            "bmc":{"username":"root","password":"p","mac_address":"02:00:00:00:00:aa"}}
            """
        let a = try Self.write(server, "POST", "/ComputeNode", first)
        let b = try Self.write(server, "POST", "/ComputeNode", Self.node(1, "b"))
        let snapshot = try #require(try Self.write(server, "POST", "/snapshots")["id"]?.string)
        let before = try server.request("GET", "/ComputeNode").text
        let second = """
            {"hostname":"b","xname":"x1000c0s0b0n0","architecture":"arm64","location_string":"\\u001b[2J",
            "network_interfaces":[{"interface_name":"eth0","mac_address":"02:00:00:00:00:01",
            "extended_data":{"a.b":[1,3],"0":false}}],
            "bmc":{"username":"admin","password":"q","mac_address":"02:00:00:00:00:aa"}}
            """
        try Self.write(server, "PUT", "/ComputeNode/x1000c0s0b0n0", second)
        try Self.write(server, "DELETE", "/ComputeNode/x1000c0s1b0n0")
        let collection = #"{"name":"c","type":"job","nodes":["x1000c0s0b0n0"]}"#
        let c = try Self.write(server, "POST", "/NodeCollection", collection)
        let after = try server.request("GET", "/ComputeNode").text
        let (aID, bID, cID) = try (a.id(), b.id(), c.id())
        let bmcID = try #require(a["bmc"]).id()

        let text = """
            ~ BMC x1000c0s0b0 (\(bmcID))
                username: "root" → "admin"
                password: changed (secret)
            ~ ComputeNode x1000c0s0b0n0 (\(aID))
                description: removed "\(long.prefix(98))…
                hostname: "a" → "b"
                network_interfaces[0].extended_data["a.b"][1]: 2 → 3
                network_interfaces[0].extended_data.0: true → false
                network_interfaces[1]: removed {"interface_name":"eth1","mac_address":"02:00:00:00:00:02"}
                bmc.username: "root" → "admin"
                location_string: added "\\u001b[2J"
            - ComputeNode x1000c0s1b0n0 (\(bID))
            + NodeCollection c (\(cID))
            1 added, 1 removed, 2 changed

            """
        #expect(try Self.run("diff", snapshot, in: workspace).output == text)
        #expect(try Self.run("diff", "2", "5", in: workspace).output == text)
        #expect(try Self.run("diff", "5", in: workspace).output == "0 added, 0 removed, 0 changed\n")
        let json = try server.write("GET", "/diff?from=2&to=5").text
        #expect(try Self.run("diff", "--json", "2", in: workspace).output == json + "\n")
        let time = try #require(try Self.write(server, "GET", "/ComputeNode/\(bID)/history").array.last?["at"]?.string)
        #expect(server.stop() == 0)

        let files = try workspace.everyFile.map(\.bytes)
        let dry = try Self.run("restore", "--at-seq", "2", "--dry-run", in: workspace)
        #expect(dry.output.contains("\n+ ComputeNode x1000c0s1b0n0 (\(bID))\n"))
        #expect(dry.output.contains(#"hostname: "b" → "a""#))
        #expect(dry.output.hasSuffix("\n1 added, 1 removed, 2 changed\n"))
        #expect(try workspace.everyFile.map(\.bytes) == files)

        let result = try Self.run("restore", "--at-seq", "2", "--reason", "it was better", in: workspace)
        #expect(
            Self.lines(result) == ["restored to sequence number 2: transaction 6; 1 added, 1 removed, 2 changed"]
        )
        let again = try Self.run("snapshot", "restore", snapshot, in: workspace)
        #expect(Self.lines(again) == ["nothing to restore: the inventory is as it was at snapshot \(snapshot)"])
        server = try await Self.start(workspace)
        #expect(try server.request("GET", "/ComputeNode").text == before)
        let newest = try Self.write(server, "GET", "/ComputeNode/\(bID)/history").array.first
        #expect(newest?["by"]?.string?.hasPrefix("cli:") == true)
        #expect(newest?["reason"]?.string?.hasSuffix("it was better") == true)
        #expect(server.stop() == 0)

        // There is a way back from a restore, and from that.
        #expect(Self.lines(try Self.run("restore", "--at-seq", "5", in: workspace)).count == 1)
        server = try await Self.start(workspace)
        #expect(try server.request("GET", "/ComputeNode").text == after)
        #expect(server.stop() == 0)
        #expect(Self.lines(try Self.run("restore", "--at", time, in: workspace)).first?.contains("1 added") == true)
    }

    // MARK: The journal

    @Test("journal verify names the damage, and repair takes it out and says what that costs")
    func journal() async throws {
        let workspace = try Workspace()
        let server = try await Self.start(workspace)
        for slot in 0..<20 { try Self.write(server, "POST", "/ComputeNode", Self.node(slot, "n\(slot)")) }
        _ = server.stop(SIGKILL)
        let name = "00000000000000000001.ndjson"
        let file = workspace.data.appending(path: "journal/\(name)")
        let good = Self.lines(try Self.run("journal", "verify", in: workspace)).map { $0.split(separator: " ") }
        #expect(good.count == 2)
        #expect(good.last.map { Array($0[..<4]) } == [Substring(name), "1", "20", "20"])

        // What a crash leaves half-written is no damage.
        let whole = try Data(contentsOf: file)
        try (whole + Data(#"{"seq":21,"at":"#.utf8)).write(to: file)
        let torn = try Self.run("journal", "verify", in: workspace)
        #expect(torn.status == 0)
        #expect(torn.output.contains("torn in line 22") && torn.output.contains("the next start cuts it off, 15 bytes"))
        #expect(try Self.run("journal", "repair", in: workspace).output == "nothing to repair\n")

        try whole.write(to: file)
        try Self.flip(file) { bytes in
            let lines = bytes.split(separator: UInt8(ascii: "\n"))
            return lines[11].startIndex..<lines[11].endIndex
        }
        let damaged = try Self.run("journal", "verify", in: workspace)
        #expect(damaged.status == 1)
        #expect(damaged.errors.contains("\(name), line 12: "))
        #expect(damaged.output.contains("DAMAGED in line 12"))
        let refused = try Self.run(["serve", "--listen", "127.0.0.1:0"], workspace)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("\(name), line 12: "))
        #expect(refused.errors.contains("node-orchestrator journal repair"))

        let files = try workspace.everyFile.map(\.bytes)
        let planned = Self.lines(try Self.run("journal", "repair", "--dry-run", in: workspace))
        #expect(try workspace.everyFile.map(\.bytes) == files)
        let repaired = Self.lines(try Self.run("journal", "repair", in: workspace))
        #expect(repaired.count == planned.count)
        #expect(repaired.last?.contains("goes back to the transaction 10: those from 11 on are lost") == true)
        #expect(try Self.run("journal", "verify", in: workspace).status == 0)
        #expect(try Self.run("journal", "repair", in: workspace).output == "nothing to repair\n")
        // What was taken out is kept.
        #expect(try workspace.everyFile.contains { $0.path.contains("damaged-") && $0.path.hasSuffix(name) })

        let again = try await Self.start(workspace)
        #expect(try JSONValue(parsing: again.request("GET", "/ComputeNode").body).array.count == 10)
        #expect(try again.request("GET", "/ComputeNode/x1000c0s9b0n0").status == 200)
        #expect(try again.request("GET", "/ComputeNode/x1000c0s10b0n0").status == 404)
        #expect(try again.write("POST", "/ComputeNode", Self.node(10, "new")).version ?? 0 > 20)
        #expect(again.stop() == 0)
    }

    // MARK: What is asked for

    @Test("options come from the environment too, which is blamed for what it gets wrong")
    func environment() async throws {
        let workspace = try Workspace()
        let server = try await Self.start(workspace)
        try Self.write(server, "POST", "/ComputeNode", Self.node(0, "a"))
        #expect(server.stop() == 0)
        let variables = ["NODE_ORCHESTRATOR_DATA_DIR": workspace.data.path, "NODE_ORCHESTRATOR_CONFIG": "/nowhere"]
        #expect(try Self.run(["snapshot", "list"], environment: variables).output.split(separator: "\n").count == 2)
        #expect(try Self.run(["journal", "verify"], environment: variables).status == 0)
        #expect(
            try Self.run(["diff", "0"], environment: variables).output.hasSuffix("2 added, 0 removed, 0 changed\n")
        )
        // The command line wins.
        #expect(try Self.run(["snapshot", "list", "--data-dir", "/nowhere"], environment: variables).status == 1)
        let wrong = try Self.run(
            ["snapshot", "prune"],
            environment: variables.merging(["NODE_ORCHESTRATOR_SNAPSHOT_KEEP": "0"]) { $1 }
        )
        #expect(wrong.status == 64)
        #expect(wrong.errors.contains("the variable NODE_ORCHESTRATOR_SNAPSHOT_KEEP"))
        #expect(try Self.run(["snapshot", "list", "--config", "/nowhere"], environment: variables).status == 64)
    }

    @Test("that write say how to ask a running server instead")
    func running() async throws {
        let workspace = try Workspace()
        let server = try await Self.start(workspace)
        try Self.write(server, "POST", "/ComputeNode", Self.node(0, "a"))
        let id = try #require(try Self.write(server, "POST", "/snapshots")["id"]?.string)
        let requests = [
            (["snapshot", "create"], "curl -X POST 'http://HOST:PORT/snapshots' -H"),
            (["snapshot", "delete", id], "curl -X DELETE 'http://HOST:PORT/snapshots/\(id)' -H"),
            (["snapshot", "prune"], "--snapshot-keep"),
            (["snapshot", "restore", id], "curl -X POST 'http://HOST:PORT/snapshots/\(id)/restore' -H"),
            (["restore", "--at-seq", "0"], "curl -X POST 'http://HOST:PORT/restore?at=0' -H"),
            (["restore", "--at", "2026-11-23T18:00:05.5+01:00"], "/restore?at=2026-11-23T17:00:05.5Z' -H"),
            (["restore", "--at-seq", "0", "--reason", "it's"], #"-d '{"reason":"it'\''s"}'"#),
            (["journal", "repair"], "stop it"),
        ]
        for (arguments, request) in requests {
            let result = try Self.run(arguments, workspace)
            #expect(result.status == 1)
            #expect(result.errors.contains("another server is using \(workspace.data.path)"))
            #expect(result.errors.contains(request), "\(result.errors)")
        }
        for arguments in [["snapshot", "verify"], ["restore", "--at-seq", "0", "--dry-run"], ["journal", "verify"]] {
            #expect(try Self.run(arguments, workspace).status == 0)
        }
        #expect(try server.request("GET", "/ComputeNode/x1000c0s0b0n0").status == 200)
    }

    @Test(
        "that make no sense end with 64, and that name what is not there with 1; neither makes anything",
        arguments: [
            (["restore"], 64), (["restore", "--at-seq", "1", "--at", "2026-11-23T18:00:05Z"], 64),
            (["restore", "--at", "17"], 64), (["restore", "--at", "noon"], 64), (["restore", "--at-seq=-1"], 64),
            (["diff"], 64), (["diff", "noon"], 64), (["diff", "1", "2", "3"], 64), (["snapshot", "delete"], 64),
            (["snapshot", "restore"], 64), (["snapshot", "prune", "--snapshot-keep", "0"], 64),
            (["journal", "mend"], 64), (["snapshot", "list"], 1), (["snapshot", "create"], 1),
            (["snapshot", "verify"], 1), (["diff", "0"], 1), (["restore", "--at-seq", "0"], 1),
            (["journal", "verify"], 1), (["journal", "repair"], 1),
        ] as [([String], Int32)]
    )
    func senseless(arguments: [String], status: Int32) throws {
        let workspace = try Workspace()
        let result = try Self.run(arguments, workspace)
        #expect(result.status == status, "\(result.errors)")
        #expect(result.output.isEmpty)
        #expect(result.errors.hasPrefix("Error: "))
        #expect(!FileManager.default.fileExists(atPath: workspace.data.path))
    }
}

extension JSONValue {
    fileprivate func id() throws -> String {
        try #require(self["id"]?.string)
    }
}
