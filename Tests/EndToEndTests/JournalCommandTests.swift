import Foundation
import RawHTTP
import Schema
import TestSupport
import Testing

@Suite("Commands on a journal", .timeLimit(.minutes(10)))
struct JournalCommandTests {
    @Test("journal verify names the damage, and repair takes it out and says what that costs")
    func journal() async throws {
        let workspace = try Workspace()
        let server = try await Command.start(workspace)
        for slot in 0..<20 { try Command.write(server, "POST", "/ComputeNode", Command.node(slot, "n\(slot)")) }
        _ = server.stop(SIGKILL)
        let name = "00000000000000000001.ndjson"
        let file = workspace.data.appending(path: "journal/\(name)")
        let good = Command.lines(try Command.run("journal", "verify", in: workspace)).map { $0.split(separator: " ") }
        #expect(good.count == 2)
        #expect(good.last.map { Array($0[..<4]) } == [Substring(name), "1", "20", "20"])

        // What a crash leaves half-written is no damage.
        let whole = try Data(contentsOf: file)
        try (whole + Data(#"{"seq":21,"at":"#.utf8)).write(to: file)
        let torn = try Command.run("journal", "verify", in: workspace)
        #expect(torn.status == 0)
        #expect(torn.output.contains("torn in line 22") && torn.output.contains("the next start cuts it off, 15 bytes"))
        #expect(try Command.run("journal", "repair", in: workspace).output == "nothing to repair\n")

        try whole.write(to: file)
        try Command.flip(file) { bytes in
            let lines = bytes.split(separator: UInt8(ascii: "\n"))
            return lines[11].startIndex..<lines[11].endIndex
        }
        let damaged = try Command.run("journal", "verify", in: workspace)
        #expect(damaged.status == 1)
        #expect(damaged.errors.contains("\(name), line 12: "))
        #expect(damaged.output.contains("DAMAGED in line 12"))
        let refused = try Command.run(["serve", "--listen", "127.0.0.1:0"], workspace)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("\(name), line 12: "))
        #expect(refused.errors.contains("node-orchestrator journal repair"))

        let files = try workspace.everyFile.map(\.bytes)
        let planned = Command.lines(try Command.run("journal", "repair", "--dry-run", in: workspace))
        #expect(try workspace.everyFile.map(\.bytes) == files)
        let repaired = Command.lines(try Command.run("journal", "repair", in: workspace))
        #expect(repaired.count == planned.count)
        #expect(repaired.last?.contains("goes back to the transaction 10: those from 11 on are lost") == true)
        #expect(try Command.run("journal", "verify", in: workspace).status == 0)
        #expect(try Command.run("journal", "repair", in: workspace).output == "nothing to repair\n")
        // What was taken out is kept.
        #expect(try workspace.everyFile.contains { $0.path.contains("damaged-") && $0.path.hasSuffix(name) })

        let again = try await Command.start(workspace)
        #expect(try JSONValue(parsing: again.request("GET", "/ComputeNode").body).array.count == 10)
        #expect(try again.request("GET", "/ComputeNode/x1000c0s9b0n0").status == 200)
        #expect(try again.request("GET", "/ComputeNode/x1000c0s10b0n0").status == 404)
        #expect(try again.write("POST", "/ComputeNode", Command.node(10, "new")).version ?? 0 > 20)
        #expect(again.stop() == 0)
    }
}
