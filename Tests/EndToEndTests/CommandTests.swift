import Foundation
import RawHTTP
import Schema
import TestSupport
import Testing

@Suite("Commands on a data folder", .timeLimit(.minutes(10)))
struct CommandTests {
    @Test("list, verify, delete and prune snapshots")
    func snapshots() async throws {
        let workspace = try Workspace()
        let server = try await Command.start(workspace)
        #expect(try Command.run("snapshot", "list", in: workspace).output.isEmpty)
        #expect(try Command.run("snapshot", "list", "--json", in: workspace).output == "[]\n")
        var ids: [String] = []
        for slot in 0..<4 {
            try Command.write(server, "POST", "/ComputeNode", Command.node(slot, "n\(slot)"))
            ids.insert(try #require(try Command.write(server, "POST", "/snapshots")["id"]?.string), at: 0)
        }
        let list = try server.write("GET", "/snapshots").text
        #expect(try Command.run("snapshot", "list", "--json", in: workspace).output == list + "\n")
        #expect(server.stop() == 0)

        let table = Command.lines(try Command.run("snapshot", "list", in: workspace)).map { $0.split(separator: " ") }
        #expect(table.first?.contains("ComputeNode") == true)
        #expect(table.dropFirst().map { String($0[0]) } == ids)
        #expect(table.dropFirst().map { $0[3] } == ["4", "3", "2", "1"])
        #expect(Command.lines(try Command.run("snapshot", "verify", in: workspace)) == ids.map { "\($0) ok" })

        // Damage is found, named, and does not stop the rest.
        let folder = workspace.data.appending(path: "snapshots")
        try Command.flip(folder.appending(path: "snapshot=\(ids[1])/ComputeNode.parquet")) { 0..<$0.count }
        try Data("{".utf8).write(to: folder.appending(path: "snapshot=\(ids[2])/manifest.json"))
        let damaged = try Command.run("snapshot", "verify", in: workspace)
        #expect(damaged.status == 1)
        let verdicts = damaged.output.split(separator: "\n")
        #expect(verdicts.count == 4)
        #expect(verdicts[1].hasPrefix("\(ids[1]) damaged: ComputeNode.parquet"))
        #expect(verdicts[2].hasPrefix("\(ids[2]) damaged: manifest.json"))
        #expect(try Command.run("snapshot", "verify", ids[0], ids[3], in: workspace).status == 0)
        let missing = try Command.run("snapshot", "verify", "2020-01-01T00-00-00.000Z", in: workspace)
        #expect(missing.status == 1)
        #expect(missing.output == "2020-01-01T00-00-00.000Z missing\n")
        let broken = Command.lines(try Command.run("snapshot", "list", in: workspace))
        #expect(broken[3].contains("\(ids[2])  -") && broken[3].contains("cannot be read: manifest.json"))

        #expect(
            Command.lines(try Command.run("snapshot", "delete", ids[2], ids[1], in: workspace)) == [ids[2], ids[1]]
        )
        let unknown = try Command.run("snapshot", "delete", ids[0], ids[1], in: workspace)
        #expect(unknown.status == 1)
        #expect(unknown.errors.contains("there is no snapshot \(ids[1])"))
        let pruned = try Command.run(
            "snapshot",
            "prune",
            "--snapshot-keep",
            "1",
            "--history-keep-for",
            "0",
            in: workspace
        )
        #expect(Command.lines(pruned) == [ids[3]])
        let only = try Command.run("snapshot", "delete", ids[0], in: workspace)
        #expect(only.status == 1)
        #expect(only.errors.contains("could not be restored"))
        #expect(Command.lines(try Command.run("snapshot", "verify", in: workspace)) == ["\(ids[0]) ok"])
    }

    @Test("create takes a snapshot of what only the journal has, and none of what has not changed")
    func create() async throws {
        let workspace = try Workspace()
        let server = try await Command.start(workspace)
        try Command.write(server, "POST", "/ComputeNode", Command.node(0, "a"))
        _ = server.stop(SIGKILL)
        let elsewhere = workspace.folder.appending(path: "elsewhere").path
        let created = try Command.run("snapshot", "create", "--snapshot-dir", elsewhere, in: workspace)
        let id = try #require(Command.lines(created).first)
        #expect(created.output == id + "\n")
        let again = try Command.run("snapshot", "create", "--snapshot-dir", elsewhere, in: workspace)
        #expect(again.output == created.output)
        #expect(again.errors.contains("nothing has changed"))
        // A folder of snapshots needs no data folder.
        let verified = try Command.run(["snapshot", "verify", "--snapshot-dir", elsewhere, "--data-dir", "/nowhere"])
        #expect(verified.output == "\(id) ok\n")
        #expect(try Command.run("snapshot", "list", in: workspace).output.isEmpty)
    }

    @Test("create removes no snapshots, however many there are; that is what prune is for")
    func createKeeps() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace, ["--snapshot-freq", "0", "--snapshot-keep", "100"])
        // Two more than are kept by default.
        var ids: [String] = []
        for number in 0..<26 {
            try Command.write(server, "POST", "/ComputeNode", Command.node(number, "n\(number)"))
            ids.append(try #require(try Command.write(server, "POST", "/snapshots")["id"]?.string))
        }
        try Command.write(server, "POST", "/ComputeNode", Command.node(26, "n26"))
        _ = server.stop(SIGKILL)
        for option in ["--snapshot-keep", "--snapshot-keep-for", "--history-keep-for"] {
            let files = try workspace.everyFile.map(\.path)
            let refused = try Command.run("snapshot", "create", option, "1", in: workspace)
            #expect(refused.status == 64)
            #expect(refused.errors.contains("Unknown option '\(option)'"), "\(refused.errors)")
            #expect(try workspace.everyFile.map(\.path) == files)
        }
        ids += Command.lines(try Command.run("snapshot", "create", in: workspace))
        #expect(ids.count == 27)
        let table = Command.lines(try Command.run("snapshot", "list", in: workspace)).dropFirst()
        #expect(table.compactMap { $0.split(separator: " ").first.map(String.init) } == ids.reversed())
        // The journal is all there too.
        #expect(Command.lines(try Command.run("diff", "0", "1", in: workspace)).last?.hasPrefix("2 added") == true)
        let pruned = Command.lines(
            try Command.run("snapshot", "prune", "--snapshot-keep", "3", "--history-keep-for", "0", in: workspace)
        )
        #expect(pruned.sorted() == Array(ids.dropLast(3)))
    }

    @Test("prune keeps what the server of a configuration file keeps, and with --dry-run removes nothing")
    func pruneAsServer() async throws {
        let workspace = try Workspace()
        let file = try workspace.file(
            "config.yaml",
            """
            listen: [127.0.0.1:0]
            log-level: warning
            snapshot-freq: 0
            snapshot-dir: \(workspace.folder.appending(path: "elsewhere").path)
            snapshot-keep: 26
            history-keep-for: 0
            """
        )
        let server = try await ServerProcess(in: workspace, ["--config", file, "--snapshot-keep", "100"])
        // More than the 24 that are kept by default.
        var ids: [String] = []
        for number in 0..<28 {
            try Command.write(server, "POST", "/ComputeNode", Command.node(number, "n\(number)"))
            ids.append(try #require(try Command.write(server, "POST", "/snapshots")["id"]?.string))
        }
        func prune(_ arguments: String..., environment: [String: String] = [:]) throws -> [String] {
            Command.lines(try Command.run(["snapshot", "prune"] + arguments, workspace, environment: environment))
        }
        // Beside the server, too.
        #expect(try prune("--dry-run", "--config", file) == Array(ids.prefix(2)))
        #expect(try prune("--dry-run", "--config", file, "--snapshot-keep", "27") == Array(ids.prefix(1)))
        let variables = ["NODE_ORCHESTRATOR_CONFIG": file, "NODE_ORCHESTRATOR_SNAPSHOT_KEEP": "25"]
        #expect(try prune("--dry-run", environment: variables) == Array(ids.prefix(3)))
        #expect(server.stop() == 0)

        let files = try workspace.everyFile
        #expect(try prune("--dry-run", "--config", file) == Array(ids.prefix(2)))
        #expect(try workspace.everyFile.map(\.path) == files.map(\.path))
        #expect(try workspace.everyFile.map(\.bytes) == files.map(\.bytes))
        #expect(try prune("--config", file) == Array(ids.prefix(2)))
        #expect(try prune("--config", file).isEmpty)
        // What is no option of the server is no key of the file.
        let wrong = try workspace.file("wrong.yaml", "dry-run: true")
        let refused = try Command.run("snapshot", "prune", "--config", wrong, in: workspace)
        #expect(refused.status == 64)
        #expect(refused.errors.contains("there is no key dry-run"), "\(refused.errors)")
    }

    // MARK: Going back

    @Test("diff shows what changed, and restore goes back to it")
    func restore() async throws {
        let workspace = try Workspace()
        var server = try await Command.start(workspace)
        let long = String(repeating: "ü", count: 150)
        let first = """
            {"hostname":"a","xname":"x1000c0s0b0n0","architecture":"arm64","description":"\(long)",
            "network_interfaces":[{"interface_name":"eth0","mac_address":"02:00:00:00:00:01",
            "extended_data":{"a.b":[1,2],"0":true}},{"interface_name":"eth1","mac_address":"02:00:00:00:00:02"}],
            "bmc":{"username":"root","password":"p","mac_address":"02:00:00:00:00:aa"}}
            """
        let a = try Command.write(server, "POST", "/ComputeNode", first)
        let b = try Command.write(server, "POST", "/ComputeNode", Command.node(1, "b"))
        let snapshot = try #require(try Command.write(server, "POST", "/snapshots")["id"]?.string)
        let before = try server.request("GET", "/ComputeNode").text
        let second = """
            {"hostname":"b","xname":"x1000c0s0b0n0","architecture":"arm64","location_string":"\\u001b[2J",
            "network_interfaces":[{"interface_name":"eth0","mac_address":"02:00:00:00:00:01",
            "extended_data":{"a.b":[1,3],"0":false}}],
            "bmc":{"username":"admin","password":"q","mac_address":"02:00:00:00:00:aa"}}
            """
        try Command.write(server, "PUT", "/ComputeNode/x1000c0s0b0n0", second)
        try Command.write(server, "DELETE", "/ComputeNode/x1000c0s1b0n0")
        let collection = #"{"name":"c","type":"job","nodes":["x1000c0s0b0n0"]}"#
        let c = try Command.write(server, "POST", "/NodeCollection", collection)
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
        #expect(try Command.run("diff", snapshot, in: workspace).output == text)
        #expect(try Command.run("diff", "2", "5", in: workspace).output == text)
        #expect(try Command.run("diff", "5", in: workspace).output == "0 added, 0 removed, 0 changed\n")
        let json = try server.write("GET", "/diff?from=2&to=5").text
        #expect(try Command.run("diff", "--json", "2", in: workspace).output == json + "\n")
        let time = try #require(
            try Command.write(server, "GET", "/ComputeNode/\(bID)/history").array.last?["at"]?.string
        )
        #expect(server.stop() == 0)

        let files = try workspace.everyFile.map(\.bytes)
        let dry = try Command.run("restore", "--at-seq", "2", "--dry-run", in: workspace)
        #expect(dry.output.contains("\n+ ComputeNode x1000c0s1b0n0 (\(bID))\n"))
        #expect(dry.output.contains(#"hostname: "b" → "a""#))
        #expect(dry.output.hasSuffix("\n1 added, 1 removed, 2 changed\n"))
        #expect(try workspace.everyFile.map(\.bytes) == files)

        let result = try Command.run("restore", "--at-seq", "2", "--reason", "it was better", in: workspace)
        #expect(
            Command.lines(result) == ["restored to sequence number 2: transaction 6; 1 added, 1 removed, 2 changed"]
        )
        let again = try Command.run("snapshot", "restore", snapshot, in: workspace)
        #expect(Command.lines(again) == ["nothing to restore: the inventory is as it was at snapshot \(snapshot)"])
        server = try await Command.start(workspace)
        #expect(try server.request("GET", "/ComputeNode").text == before)
        let newest = try Command.write(server, "GET", "/ComputeNode/\(bID)/history").array.first
        #expect(newest?["by"]?.string?.hasPrefix("cli:") == true)
        #expect(newest?["reason"]?.string?.hasSuffix("it was better") == true)
        #expect(server.stop() == 0)

        // There is a way back from a restore, and from that.
        #expect(Command.lines(try Command.run("restore", "--at-seq", "5", in: workspace)).count == 1)
        server = try await Command.start(workspace)
        #expect(try server.request("GET", "/ComputeNode").text == after)
        #expect(server.stop() == 0)
        #expect(
            Command.lines(try Command.run("restore", "--at", time, in: workspace)).first?.contains("1 added") == true
        )
    }

    @Test("options come from the environment too, which is blamed for what it gets wrong")
    func environment() async throws {
        let workspace = try Workspace()
        let server = try await Command.start(workspace)
        try Command.write(server, "POST", "/ComputeNode", Command.node(0, "a"))
        #expect(server.stop() == 0)
        let variables = ["NODE_ORCHESTRATOR_DATA_DIR": workspace.data.path, "NODE_ORCHESTRATOR_CONFIG": "/nowhere"]
        #expect(try Command.run(["snapshot", "list"], environment: variables).output.split(separator: "\n").count == 2)
        #expect(try Command.run(["journal", "verify"], environment: variables).status == 0)
        #expect(
            try Command.run(["diff", "0"], environment: variables).output.hasSuffix("2 added, 0 removed, 0 changed\n")
        )
        // The command line wins.
        #expect(try Command.run(["snapshot", "list", "--data-dir", "/nowhere"], environment: variables).status == 1)
        let unread = try Command.run(["snapshot", "prune"], environment: variables)
        #expect(unread.status == 64 && unread.errors.contains("the configuration file /nowhere"))
        let wrong = try Command.run(
            ["snapshot", "prune"],
            environment: ["NODE_ORCHESTRATOR_SNAPSHOT_KEEP": "0"]
        )
        #expect(wrong.status == 64)
        #expect(wrong.errors.contains("the variable NODE_ORCHESTRATOR_SNAPSHOT_KEEP"))
        #expect(try Command.run(["snapshot", "list", "--config", "/nowhere"], environment: variables).status == 64)
    }

    @Test("that write say how to ask a running server instead")
    func running() async throws {
        let workspace = try Workspace()
        let server = try await Command.start(workspace)
        try Command.write(server, "POST", "/ComputeNode", Command.node(0, "a"))
        let id = try #require(try Command.write(server, "POST", "/snapshots")["id"]?.string)
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
            let result = try Command.run(arguments, workspace)
            #expect(result.status == 1)
            #expect(result.errors.contains("another server is using \(workspace.data.path)"))
            #expect(result.errors.contains(request), "\(result.errors)")
        }
        for arguments in [["snapshot", "verify"], ["restore", "--at-seq", "0", "--dry-run"], ["journal", "verify"]] {
            #expect(try Command.run(arguments, workspace).status == 0)
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
        let result = try Command.run(arguments, workspace)
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
