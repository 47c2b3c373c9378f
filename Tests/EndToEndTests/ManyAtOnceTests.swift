import Foundation
import RawHTTP
import Schema
import TestSupport
import Testing

@Suite("Many at once", .timeLimit(.minutes(10)))
struct ManyAtOnceTests {
    private static func node(_ index: Int) -> String {
        let xname = "x\(1000 + index / 200)c0s\(index % 200)b0n0"
        return
            #"{"hostname":"nid\#(index)","architecture":"\#(index % 2 == 0 ? "x86_64" : "arm64")","xname":"\#(xname)"}"#
    }

    private func server(nodes: Int) async throws -> ServerProcess {
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"])
        let body = "[\((0..<nodes).map(Self.node).joined(separator: ","))]"
        let answer = try await onThread { try server.write("POST", "/ComputeNode", body) }
        #expect(answer.status == 201)
        return server
    }

    private func count(_ server: ServerProcess, _ search: String) throws -> Int? {
        try JSONValue(parsing: server.request("GET", "/ComputeNode?\(search)&count=true").body)["count"]?.int
    }

    @Test("a PATCH of a search is one entry of the journal, one event a node, and undone by one rollback")
    func patch() async throws {
        let total = 10_000
        let server = try await server(nodes: total)
        let before = try server.request("GET", "/ComputeNode")
        let sequence = try #require(try server.request("GET", "/ComputeNode/x1000c0s0b0n0").version)
        let path = "/ComputeNode?hostname=nid*&expect=\(total)"
        let answer = try await onThread { try server.write("PATCH", path, #"{"description":"maintenance"}"#) }
        #expect(answer.status == 200, "\(answer.text)")
        let json = try JSONValue(parsing: answer.body)
        #expect(json["matched"] == .number(JSONNumber(total)) && json["changed"] == .number(JSONNumber(total)))
        #expect(json["sequence"]?.int == sequence + 1)
        #expect(try count(server, "description=maintenance") == total)

        let events = try await onThread {
            let stream = try server.events("after=\(sequence)")
            return try (0..<total).compactMap { _ in try stream.next() }
        }
        let changes = try events.map { try $0.json }
        #expect(changes.allSatisfy { $0["seq"]?.int == sequence + 1 && $0["kind"] == "ComputeNode" })
        #expect(Set(changes.compactMap { $0["id"]?.string }).count == total)
        #expect(events.last?.id == "\(sequence + 1)")

        let restored = try await onThread { try server.write("POST", "/restore?at=\(sequence)") }
        #expect(restored.status == 200)
        #expect(try JSONValue(parsing: restored.body)["sequence"]?.int == sequence + 2)
        #expect(try server.request("GET", "/ComputeNode").body == before.body)
    }

    @Test("needs conditions, and a number or a limit; a dry run changes nothing")
    func guards() async throws {
        let server = try await server(nodes: 20)
        let before = try server.request("GET", "/ComputeNode")
        for (path, status, text) in [
            ("/ComputeNode?limit=5", 400, "condition"), ("/ComputeNode?missingXName=false&limit=5", 400, "condition"),
            ("/ComputeNode?arch=arm64", 400, "expect"), ("/ComputeNode?arch=arm64&expect=9", 412, "matches 10"),
            ("/ComputeNode?arch=arm64&expect=x", 400, "expect"), ("/ComputeNode?arch=arm64&limit=0", 400, "limit"),
            ("/ComputeNode?arch=arm64&limit=3&count=true", 400, "count"), ("/ComputeNode?nope=1&limit=3", 400, "nope"),
            ("/ComputeNode?arch=arm64&expect=10&dry_run=true", 200, #""changed":10"#),
            ("/ComputeNode?arch=arm64&limit=3&dry_run=true", 200, #""changed":3"#),
            ("/ComputeNode?arch=arm64&limit=3&expect=10&dry_run=true", 200, #""changed":3"#),
            ("/ComputeNode?arch=none&expect=0", 200, #""matched":0"#),
        ] {
            for (method, body) in [("PATCH", #"{"description":"d"}"#), ("DELETE", nil)] {
                let answer = try server.write(method, path, body)
                #expect(answer.status == status, "\(method) \(path): \(answer.text)")
                #expect(answer.text.contains(text), "\(method) \(path): \(answer.text)")
            }
        }
        #expect(try server.request("GET", "/ComputeNode").body == before.body)
    }

    @Test("a PATCH that one resource cannot take changes none, and says which")
    func allOrNone() async throws {
        let server = try await server(nodes: 20)
        let before = try server.request("GET", "/ComputeNode")
        let answer = try server.write(
            "PATCH",
            "/ComputeNode?arch=arm64&expect=10",
            #"{"boot_mac":"02:00:00:00:00:01"}"#
        )
        #expect(answer.status == 409)
        #expect(answer.text.contains("nid") || answer.text.contains("x1000c0s"))
        #expect(try server.request("GET", "/ComputeNode").body == before.body)
    }

    @Test("a DELETE of a search takes the first so many in order")
    func delete() async throws {
        let server = try await server(nodes: 20)
        let answer = try server.write("DELETE", "/ComputeNode?arch=arm64&limit=3&sort=-hostname")
        #expect(answer.status == 200)
        let gone = try ["nid9", "nid7", "nid5"].map { try count(server, "hostname=\($0)") }
        #expect(gone == [0, 0, 0])
        #expect(try count(server, "arch=arm64") == 7)
    }

    @Test("a transaction of any changes is one, and rules hold for the state after it")
    func transaction() async throws {
        let server = try await server(nodes: 2)
        let version = try #require(try server.request("GET", "/ComputeNode/x1000c0s0b0n0").version)
        let body = """
            {"reason":"swapped in the rack","changes":[
              {"op":"patch","kind":"ComputeNode","ref":"x1000c0s0b0n0","version":\(version),
               "patch":{"xname":"x1000c0s1b0n0","bmc":null}},
              {"op":"patch","kind":"ComputeNode","ref":"nid1","patch":{}},
              {"op":"put","kind":"NodeCollection","document":{"name":"c","type":"job","nodes":["x1000c0s0b0n0"]}},
              {"op":"delete","kind":"Component","ref":"x1000"}
            ]}
            """
        let refused = try server.write("POST", "/transactions", body)
        #expect(refused.status == 409, "the first that is wrong takes an xname that is taken")
        #expect(refused.text.contains(#""pointer":"/changes/1/patch""#))
        #expect(refused.text.contains(#""pointer":"/changes/3/ref""#))
        #expect(try server.request("GET", "/NodeCollection").text == "[]")

        let ids = try ["x1000c0s0b0n0", "x1000c0s1b0n0"].map { xname in
            try JSONValue(parsing: server.request("GET", "/ComputeNode/\(xname)").body)["id"]?.string ?? ""
        }
        let swap = """
            {"reason":"swapped in the rack","changes":[
              {"op":"patch","kind":"ComputeNode","ref":"\(ids[0])","version":\(version),"patch":{"xname":"x1000c0s1b0n0"}},
              {"op":"patch","kind":"ComputeNode","ref":"\(ids[1])","patch":{"xname":"x1000c0s0b0n0"}},
              {"op":"put","kind":"bmc","document":
                {"username":"u","password":"p","mac_address":"02:00:00:00:00:01","xname":"x1000c0s7b0"}},
              {"op":"patch","kind":"BMC","ref":"x1000c0s7b0","patch":{"description":"new"}}
            ]}
            """
        let dryRun = try server.write("POST", "/transactions?dry_run=true", swap)
        #expect(dryRun.status == 200)
        #expect(try server.request("GET", "/BMC/x1000c0s7b0").status == 404)
        let answer = try server.write("POST", "/transactions", swap)
        #expect(answer.status == 200, "\(answer.text)")
        for (id, xname) in zip(ids, ["x1000c0s1b0n0", "x1000c0s0b0n0"]) {
            #expect(try JSONValue(parsing: server.request("GET", "/ComputeNode/\(id)").body)["xname"]?.string == xname)
        }
        #expect(try server.request("GET", "/BMC/x1000c0s7b0").text.contains(#""description":"new""#))
        let history = try server.request(
            "GET",
            "/ComputeNode/\(ids[0])/history",
            token: server.clientToken()
        )
        #expect(history.text.contains("swapped in the rack"))
        let stale = try server.write("POST", "/transactions", swap.replacing("x1000c0s7b0", with: "x1000c0s8b0"))
        #expect(stale.status == 412)
        #expect(stale.text.contains("/changes/0"))
    }

    @Test(
        "a transaction that is malformed is 400 with the place",
        arguments: [
            ("[]", "must be an object"), ("{}", "/changes"), (#"{"changes":[5]}"#, "/changes/0"),
            (#"{"changes":[],"nope":1}"#, "/nope"), (#"{"changes":[{"op":"put","kind":"Nope"}]}"#, "/changes/0/kind"),
            (#"{"changes":[{"op":"move","kind":"BMC"}]}"#, "/changes/0/op"),
            (#"{"changes":[{"op":"put","kind":"BMC"}]}"#, "/changes/0/document"),
            (#"{"changes":[{"op":"delete","kind":"BMC"}]}"#, "/changes/0/ref"),
            (#"{"changes":[{"op":"delete","kind":"BMC","ref":"x","version":"5"}]}"#, "/changes/0/version"),
            (#"{"changes":[{"op":"delete","kind":"BMC","ref":"x","patch":{}}]}"#, "/changes/0/patch"),
            (#"{"changes":[{"op":"put","kind":"BMC","document":{"colour":1}}]}"#, "/changes/0/document/colour"),
        ]
    )
    func malformed(body: String, place: String) async throws {
        let server = try await server(nodes: 1)
        let answer = try server.write("POST", "/transactions", body)
        #expect(answer.status == 400)
        #expect(answer.text.contains(place), "\(answer.text)")
    }
}
