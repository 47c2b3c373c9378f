import Foundation
import RawHTTP
import Schema
import Synchronization
import TestSupport
import Testing

@Suite("Patches and conditions", .timeLimit(.minutes(10)))
struct PatchTests {
    private static let node = """
        {"hostname":"h","architecture":"a","xname":"x1000c0s0b0n0","description":"d","boot_data":{"id":\
        "0198c0de-0000-7000-8000-000000000001","kernel_url":"http://k"},"bmc":{"username":"u","password":"secret",\
        "mac_address":"02:00:00:00:00:01","description":"of the BMC"}}
        """

    private func server() async throws -> ServerProcess {
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"])
        #expect(try server.write("POST", "/ComputeNode", Self.node).status == 201)
        return server
    }

    private func patch(_ server: ServerProcess, _ patch: String, _ path: String = "/ComputeNode/x1000c0s0b0n0") throws
        -> HTTPConnection.Answer
    {
        let headers = ["Content-Type": "application/merge-patch+json"]
        return try server.request("PATCH", path, token: server.clientToken(), headers: headers, body: patch)
    }

    @Test("a merge patch changes members, adds them, and removes those that are null")
    func members() async throws {
        let server = try await server()
        let before = try JSONValue(parsing: server.request("GET", "/ComputeNode/x1000c0s0b0n0").body)
        let answer = try patch(
            server,
            """
            {"hostname":"other","description":null,"boot_data":{"kernel_url":null,"image_url":"http://i"},
             "status":{"extended_data":{"a":{"b":1.50}}}}
            """
        )
        #expect(answer.status == 200)
        let after = try JSONValue(parsing: answer.body)
        #expect(after["hostname"] == "other")
        #expect(after["description"] == nil)
        #expect(after["boot_data"] == ["id": "0198c0de-0000-7000-8000-000000000001", "image_url": "http://i"])
        #expect(after["bmc"] == before["bmc"])
        #expect(after["id"] == before["id"])
        #expect(answer.text.contains(#""extended_data":{"a":{"b":1.50}}"#))
        #expect(try server.request("GET", "/ComputeNode/x1000c0s0b0n0").body == answer.body)
        #expect(try patch(server, "{}").version == answer.version, "what changes nothing gives no new version")
    }

    @Test("a patch of a node's BMC removes members of it too, and keeps its password")
    func bmc() async throws {
        let server = try await server()
        let answer = try patch(server, #"{"bmc":{"description":null,"username":"v"}}"#)
        let bmc = try JSONValue(parsing: server.request("GET", "/BMC/x1000c0s0b0").body)
        #expect(answer.status == 200)
        #expect(try JSONValue(parsing: answer.body)["bmc"] == bmc)
        #expect(bmc["description"] == nil)
        #expect(bmc["username"] == "v")
        #expect(bmc["password"] == "")
        let refused = try patch(server, #"{"bmc":{"username":null,"password":null}}"#)
        #expect(refused.status == 400)
        #expect(refused.text.contains("/bmc/username") && refused.text.contains("/bmc/password"))
    }

    @Test("fields of another BMC that a patch names are not removed")
    func otherBMC() async throws {
        let server = try await server()
        let other = #"{"hostname":"i","architecture":"a"}"#
        let id = try JSONValue(parsing: server.write("POST", "/ComputeNode", other).body)["id"]
        guard case .string(let id)? = id else { throw ServerError(output: "no id") }
        let answer = try patch(server, #"{"bmc":{"mac_address":"02-00-00-00-00-01"}}"#, "/ComputeNode/\(id)")
        #expect(answer.status == 200)
        #expect(try JSONValue(parsing: answer.body)["bmc"]?["description"] == "of the BMC")
    }

    @Test(
        "what is left is held to the schema and to the rules, and what is refused changes nothing",
        arguments: [
            (#"{"hostname":null}"#, 400, "/hostname"), (#"{"architecture":5,"colour":1}"#, 400, "/colour"),
            (#"{"id":"0198c0de-0000-7000-8000-000000000001"}"#, 400, "id"), ("[]", 400, "object"), ("{", 400, "JSON"),
            (#"{"xname":"x1000c0s1b0n0"}"#, 409, "x1000c0s1b0n0"),
        ]
    )
    func refused(patch text: String, status: Int, names: String) async throws {
        let server = try await server()
        let other = Self.node.replacing("x1000c0s0b0n0", with: "x1000c0s1b0n0").replacing("00:01", with: "00:02")
        #expect(try server.write("POST", "/ComputeNode", other).status == 201)
        let before = try server.request("GET", "/ComputeNode")
        let answer = try patch(server, text)
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.text.contains(names), "\(answer.text)")
        #expect(try server.request("GET", "/ComputeNode").body == before.body)
    }

    @Test("another media type is 415 and says which there are; what is not there is 404, unless it is put there")
    func notThere() async throws {
        let server = try await server()
        let token = try server.clientToken()
        let headers = ["Content-Type": "text/plain"]
        let answer = try server.request("PATCH", "/BMC/x1000c0s0b0", token: token, headers: headers, body: "{}")
        #expect(answer.status == 415)
        #expect(answer.headers["accept-patch"]?.contains("application/merge-patch+json") == true)
        for (method, path) in [
            ("PUT", "/ComputeNode/x1000c0s9b0n0"), ("PATCH", "/ComputeNode/x1000c0s9b0n0"),
            ("DELETE", "/ComputeNode/x1000c0s9b0n0"), ("PUT", "/NodeCollection/nope"),
        ] {
            let body =
                path.hasPrefix("/Node")
                ? #"{"name":"nope","type":"job","nodes":[]}"# : #"{"hostname":"h","architecture":"a"}"#
            for headers in [[:], ["If-Match": "*"]] + (method == "PUT" ? [] : [["If-None-Match": "*"]]) {
                let headers = headers.merging(["Content-Type": "application/json"]) { $1 }
                let answer = try server.request(method, path, token: token, headers: headers, body: body)
                #expect(answer.status == 404, "\(method) \(path) \(headers)")
            }
        }
    }

    @Test(
        "conditions on the version are kept by every write",
        arguments: [
            ("If-Match", "\"V\"", true), ("If-Match", "\"0\", \"V\"", true), ("If-Match", "*", true),
            ("If-Match", "\"0\"", false), ("If-Match", "W/\"V\"", false), ("If-Match", "\"abc\"", false),
            ("If-None-Match", "*", false), ("If-None-Match", "\"V\"", false), ("If-None-Match", "W/\"V\"", false),
            ("If-None-Match", "\"0\"", true),
        ]
    )
    func conditions(header: String, value: String, isMet: Bool) async throws {
        let server = try await server()
        let token = try server.clientToken()
        for (method, body) in [("PUT", Self.node), ("PATCH", #"{"hostname":"n"}"#), ("DELETE", nil)] {
            let path = "/ComputeNode/x1000c0s0b0n0"
            let version = try #require(try server.request("GET", path).version)
            let headers = [header: value.replacing("V", with: "\(version)"), "Content-Type": "application/json"]
            let answer = try server.request(method, path, token: token, headers: headers, body: body)
            #expect(answer.status == (isMet ? method == "DELETE" ? 204 : 200 : 412), "\(method): \(answer.text)")
            if !isMet { #expect(try server.request("GET", path).version == version) }
        }
    }

    @Test("a condition that is no list of entity tags is 400")
    func malformedCondition() async throws {
        let server = try await server()
        let headers = ["If-Match": "5"]
        #expect(try server.request("GET", "/BMC/x1000c0s0b0", headers: headers).status == 400)
    }

    @Test("a GET answers 304 to whoever has the version, and 412 to whoever wants another")
    func reading() async throws {
        let server = try await server()
        let path = "/ComputeNode/x1000c0s0b0n0"
        let version = try #require(try server.request("GET", path).version)
        for (header, value, status) in [
            ("If-None-Match", "\"\(version)\"", 304), ("If-None-Match", "W/\"\(version)\", \"x\"", 304),
            ("If-None-Match", "*", 304), ("If-None-Match", "\"\(version + 1)\"", 200), ("If-Match", "\"0\"", 412),
            ("If-Match", "\"\(version)\"", 200),
        ] {
            let connection = try HTTPConnection(port: server.port)
            try connection.send("GET", path, headers: [header: value])
            let answer = try connection.answer(hasBody: status != 304)
            #expect(answer.status == status, "\(header): \(value)")
            #expect(answer.version == version)
        }
    }

    @Test("of writers that have the same version, exactly one wins each")
    func race() async throws {
        let server = try await server()
        let token = try server.clientToken()
        let (writers, rounds) = (4, 2000)
        let path = "/ComputeNode/x1000c0s0b0n0"
        let first = try #require(try server.request("GET", path).version)
        let wins = Wins()
        try await withThrowingTaskGroup { group in
            for writer in 0..<writers {
                group.addTask {
                    try await onThread {
                        let connection = try HTTPConnection(port: server.port)
                        var version = first
                        while wins.counts.count < rounds {
                            let method = writer % 2 == 0 ? "PATCH" : "PUT"
                            let name = #""hostname":"w\#(writer)-\#(version)""#
                            let body =
                                method == "PATCH" ? "{\(name)}" : Self.node.replacing(#""hostname":"h""#, with: name)
                            let headers = ["If-Match": "\"\(version)\"", "Content-Type": "application/json"]
                            try connection.send(method, path, token: token, headers: headers, body: body)
                            let answer = try connection.answer()
                            guard [200, 412].contains(answer.status) else { throw ServerError(output: answer.text) }
                            if answer.status == 200 { wins.add(version) }
                            try connection.send("GET", path)
                            version = try connection.answer().version ?? version
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(wins.counts.count >= rounds)
        #expect(wins.counts.values.allSatisfy { $0 == 1 })
    }

    /// How many writers have won each version.
    private final class Wins: Sendable {
        private let state = Mutex<[Int: Int]>([:])

        var counts: [Int: Int] { state.withLock(\.self) }

        func add(_ version: Int) {
            state.withLock { $0[version, default: 0] += 1 }
        }
    }
}
