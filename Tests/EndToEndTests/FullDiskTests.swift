import Foundation
import RawHTTP
import Schema
import TestSupport
import Testing

@Suite("A full disk", .serialized, .timeLimit(.minutes(10)))
struct FullDiskTests {
    /// A node large enough not to fit where a file has a little room left.
    private static func node(_ xname: String, hostname: String) -> String {
        let description = String(repeating: "d", count: 30_000)
        return #"{"hostname":"\#(hostname)","xname":"\#(xname)","architecture":"a","description":"\#(description)"}"#
    }

    /// Writes that were acknowledged, as they must be read, and xnames of those that were refused.
    private struct Told {
        var acknowledged: [String: String] = [:]
        var refused: [String] = []
        private var count = 0

        /// Writes one more node.
        mutating func write(to server: ServerProcess) throws -> HTTPConnection.Answer {
            let xname = "x1000c\(count / 200)s\(count % 200)b0n0"
            count += 1
            let answer = try server.write("POST", "/ComputeNode", FullDiskTests.node(xname, hostname: "h"))
            if answer.status == 201 {
                acknowledged[xname] = answer.text
            } else {
                #expect(answer.status == 503, "\(answer.text)")
                refused.append(xname)
            }
            return answer
        }

        /// Holds what the server has to what it told.
        func expect(of server: ServerProcess) throws {
            let all = try JSONValue(parsing: server.request("GET", "/ComputeNode").body).array
            let found = Dictionary(all.map { ($0["xname"]?.string ?? "", $0.text) }) { "\($0) and \($1)" }
            let xnames = Set(found.keys).union(acknowledged.keys)
            #expect(xnames.filter { found[$0] != acknowledged[$0] } == [])
            let bmcs = try JSONValue(parsing: server.request("GET", "/BMC").body).array
            #expect(bmcs.count == acknowledged.count)
            let statuses = try refused.map { try server.request("GET", "/ComputeNode/\($0)").status }
            #expect(statuses.allSatisfy { $0 == 404 })
        }
    }

    @Test("refuses writes and keeps serving reads, takes writes again when there is room, and loses nothing")
    func full() async throws {
        let workspace = try Workspace()
        guard let disk = try SmallDisk(at: workspace.data, size: "24m") else { return }
        let options = ["--snapshot-freq", "0", "--log-level", "warning"]
        let server = try await ServerProcess(in: workspace, options)
        var told = Told()
        for _ in 0..<3 { #expect(try told.write(to: server).status == 201) }
        #expect(try server.request("GET", "/readyz").status == 200)

        try disk.fill()
        var answer = try told.write(to: server)
        // A journal may have room of its own, but not for long.
        for _ in 0..<1000 where answer.status == 201 { answer = try told.write(to: server) }
        for _ in 0..<3 {
            #expect(answer.status == 503)
            #expect(answer.headers["content-type"] == "application/problem+json")
            let problem = try JSONValue(parsing: answer.body)
            #expect(problem["detail"]?.string?.contains("No space left on device") == true, "\(answer.text)")
            #expect(try server.request("GET", "/readyz").status == 503)
            #expect(try server.request("GET", "/healthz").status == 200)
            try told.expect(of: server)
            answer = try told.write(to: server)
        }
        let replacement = Self.node("x1000c0s0b0n0", hostname: "other")
        #expect(try server.write("PUT", "/ComputeNode/x1000c0s0b0n0", replacement).status == 503)
        try told.expect(of: server)

        try disk.makeRoom()
        let deadline = ContinuousClock.now + .seconds(30)
        while try told.write(to: server).status != 201 {
            try #require(ContinuousClock.now < deadline, "writes do not work again: \(server.log)")
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try server.request("GET", "/readyz").status == 200)
        for _ in 0..<3 { #expect(try told.write(to: server).status == 201) }
        try told.expect(of: server)
        _ = server.stop(SIGKILL)

        let second = try await ServerProcess(in: workspace, options)
        try told.expect(of: second)
        #expect(try told.write(to: second).status == 201)
        #expect(second.stop() == 0)
        withExtendedLifetime(disk) {}
    }
}
