import Foundation
import RawHTTP
import Schema
import Testing

@Suite("What was stored before there were rules for it", .timeLimit(.minutes(5)))
struct BrokenRuleTests {
    /// Has what version 0.2.0 took: names that are none, and one cabinet as three components.
    private func workspace() throws -> Workspace {
        let workspace = try Workspace()
        let fixture = URL(filePath: "Tests/Fixtures/0.2.0/data", directoryHint: .isDirectory)
        try workspace.copyData(from: fixture)
        return workspace
    }

    /// How many resources break rules, by kind and rule.
    private func counts(_ server: ServerProcess) throws -> [String: Int] {
        let pattern = #/inventory_irregular_resources{kind="(\w+)",rule="(\w+)"} (\d+)/#
        let matches = try server.request("GET", "/metrics").text.matches(of: pattern)
        return Dictionary(
            uniqueKeysWithValues: matches.map { ("\($0.output.1) \($0.output.2)", Int($0.output.3) ?? -1) }
        )
        .filter { $0.value != 0 }
    }

    private static let counts = [
        "ComputeNode host_name": 3, "ComputeNode name": 2, "ComputeNode interface_name": 1, "NodeCollection name": 2,
        "Component xname": 3, "Component unique_key": 2,
    ]

    @Test(
        "is kept, logged at the start with an example, and counted; so it is by the next start, from a snapshot of its own"
    )
    func starts() async throws {
        let workspace = try workspace()
        for _ in 0..<2 {
            let server = try await Command.start(workspace)
            #expect(try counts(server) == Self.counts)
            let line = try await server.line(containing: "rule=host_name")
            for part in ["warning", "kind=ComputeNode", "resources=3", "example=x1000c0s"] {
                #expect(line.contains(part), "\(line)")
            }
            #expect(server.log.contains("rule=unique_key") && server.log.contains("kind=NodeCollection"))
            #expect(try server.write("POST", "/snapshots").status < 300)
            #expect(server.stop() == 0)
        }
    }

    @Test("is refused only in members that a write changes")
    func writes() async throws {
        let server = try await Command.start(workspace())
        let path = "/ComputeNode/x1000c0s0b0n0"
        let found = try server.request("GET", path)
        #expect(try JSONValue(parsing: found.body)["hostname"]?.string == "")
        let version = found.headers["etag"]
        // What was answered can be sent back, and is nothing new.
        let same = try server.write("PUT", path, found.text)
        #expect(same.status == 200 && same.headers["etag"] == version, "\(same.text)")
        for (method, body, status) in [
            ("PATCH", #"{"description":"d"}"#, 200), ("PATCH", #"{"hostname":"","description":"e"}"#, 200),
            ("PATCH", #"{"hostname":"gpu node"}"#, 400), ("PATCH", #"{"hostname":" "}"#, 400),
            ("PATCH", #"{"architecture":""}"#, 400), ("PATCH", #"{"spec":{"hostname":""}}"#, 400),
            ("PUT", #"{"hostname":"","architecture":"arm64","xname":"x1000c0s0b0n0"}"#, 200),
            ("PUT", #"{"hostname":"-","architecture":"arm64","xname":"x1000c0s0b0n0"}"#, 400),
            ("PUT", #"{"hostname":"","architecture":"arm64 ","xname":"x1000c0s0b0n0"}"#, 400),
        ] {
            let answer = try server.write(method, path, body)
            #expect(answer.status == status, "\(method) \(body): \(answer.text)")
            if status == 400 { #expect(answer.text.contains(#""pointer":"/"#), "\(answer.text)") }
        }
        #expect(try server.write("POST", "/ComputeNode", #"{"hostname":"","architecture":"a"}"#).status == 400)
        // Of a list the elements that stay where they are.
        let interfaces = "/ComputeNode/x1000c0s2b0n0"
        let kept = #"{"interface_name":"hsn0 ","mac_address":"02:00:5e:00:00:04"}"#
        let first = #"{"interface_name":"eth0","mac_address":"02:00:5e:00:00:03"}"#
        #expect(try server.write("PATCH", interfaces, #"{"network_interfaces":[\#(first),\#(kept)]}"#).status == 200)
        #expect(try server.write("PATCH", interfaces, #"{"network_interfaces":[\#(kept)]}"#).status == 400)
        // In a transaction, and by a search.
        let change = #"{"op":"patch","kind":"ComputeNode","ref":"x1000c0s1b0n0","patch":{"description":"t"}}"#
        #expect(try server.write("POST", "/transactions", #"{"changes":[\#(change)]}"#).status == 200)
        let many = try server.write("PATCH", "/ComputeNode?hostname=,gpu%20*&expect=2", #"{"location_string":"l"}"#)
        #expect(many.status == 200, "\(many.text)")
        #expect(try counts(server) == Self.counts)
        // What is put right is counted no more.
        #expect(try server.write("PATCH", path, #"{"hostname":"nid000001"}"#).status == 200)
        #expect(try server.write("DELETE", "/NodeCollection/%20padded%20").status == 204)
        var counts = Self.counts
        counts["ComputeNode host_name"] = 2
        counts["NodeCollection name"] = 1
        #expect(try self.counts(server) == counts)
        // Going back is no write of a client's.
        #expect(try server.write("POST", "/restore?at=18").status == 200)
        #expect(try self.counts(server) == Self.counts)
        #expect(try server.request("GET", path).text.contains(#""hostname":"""#))
    }

    @Test("is taken as it is, where a document for it comes again")
    func comesAgain() async throws {
        let server = try await Command.start(workspace())
        let nodes = try server.request("GET", "/ComputeNode").text
        for existing in ["skip", "patch", "replace"] {
            let answer = try server.write("POST", "/ComputeNode?existing=\(existing)", nodes)
            #expect(answer.status == 200, "\(answer.text)")
            let outcomes = try JSONValue(parsing: answer.body).array.map { $0["outcome"]?.string }
            #expect(Set(outcomes) == ["same"])
        }
    }

    @Test("keeps a key from others while any that claimed it is there, and comes back with a restore")
    func claimsStay() async throws {
        let server = try await Command.start(workspace())
        let before = try #require(server.request("GET", "/Component").headers["inventory-sequence"])
        let changes = #"""
            {"changes":[{"op":"delete","kind":"Component","ref":"x1"},
             {"op":"put","kind":"Component","document":{"ID":"x0001","Type":"Cabinet"}}]}
            """#
        #expect(try server.write("POST", "/transactions", changes).status == 409)
        let components = try server.request("GET", "/Component").text
        #expect(try server.write("DELETE", "/Component/x1").status == 204)
        #expect(try server.write("POST", "/restore?at=\(before)").status == 200)
        #expect(try server.request("GET", "/Component").text == components)
        #expect(try counts(server) == Self.counts)
    }

    @Test("has a key that two claim at the first of them, until that one goes")
    func claims() async throws {
        let server = try await Command.start(workspace())
        let components = try JSONValue(parsing: try server.request("GET", "/Component?ID=x1&Type=cabinet").body).array
        #expect(components.map { $0["ID"]?.string } == ["x1", "x001", "x01"])
        #expect(try JSONValue(parsing: try server.request("GET", "/Component?ID=x01").body).array == components)
        let ids = components.compactMap { $0["UID"]?.string }
        func holder(_ reference: String) throws -> String? {
            try JSONValue(parsing: try server.request("GET", "/Component/\(reference)").body)["UID"]?.string
        }
        for reference in ["x1", "x01", "x001"] { #expect(try holder(reference) == ids[0]) }
        // The others can be written, and keep their claims; a new one cannot have it.
        #expect(try server.write("PATCH", "/Component/\(ids[1])", #"{"Subtype":"s"}"#).status == 200)
        #expect(try server.write("PUT", "/Component/\(ids[2])", #"{"ID":"x001","Type":"Cabinet"}"#).status == 200)
        #expect(try server.write("POST", "/Component", #"{"ID":"x0001","Type":"Cabinet"}"#).status == 409)
        #expect(try server.write("PATCH", "/Component/x1000", #"{"ID":"x1"}"#).status == 409)
        #expect(try counts(server)["Component unique_key"] == 2)
        #expect(try server.write("DELETE", "/Component/x1").status == 204)
        #expect(try holder("x1") == ids[1])
        #expect(try counts(server)["Component unique_key"] == 1)
        #expect(try server.write("PATCH", "/Component/x1", #"{"ID":"x7"}"#).status == 200)
        #expect(try holder("x1") == ids[2] && counts(server)["Component unique_key"] == nil)
        #expect(try server.write("DELETE", "/Component/x1").status == 204)
        #expect(try server.request("GET", "/Component/x1").status == 404)
        #expect(try server.write("POST", "/Component", #"{"ID":"x1","Type":"Cabinet"}"#).status == 201)
    }
}
