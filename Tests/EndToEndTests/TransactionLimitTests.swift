import Foundation
import RawHTTP
import Schema
import TestSupport
import Testing

@Suite("What a transaction comes to", .timeLimit(.minutes(10)))
struct TransactionLimitTests {
    private func server(_ arguments: String...) async throws -> ServerProcess {
        try await ServerProcess(in: Workspace(), ["--log-level", "error"] + arguments)
    }

    private static func nodes(_ count: Int, _ members: String = "") -> String {
        "[\((0..<count).map { #"{"hostname":"n\#($0)","architecture":"a"\#(members)}"# }.joined(separator: ","))]"
    }

    @Test("is limited in size, with the nodes that embed a BMC: 413, nothing is changed, and going back is free")
    func size() async throws {
        let server = try await server("--transaction-max-size", "1MB")
        let bmc = #"{"xname":"x1000c0s0b0","username":"u","password":"p","mac_address":"02:00:00:00:00:01"}"#
        #expect(try server.write("POST", "/BMC", bmc).status == 201)
        let embedding = Self.nodes(1500, #","bmc":{"xname":"x1000c0s0b0"}"#)
        #expect(try server.write("POST", "/ComputeNode", embedding).status == 201)
        let text = String(repeating: "d", count: 1000)
        for (method, path, body) in [
            ("PATCH", "/BMC/x1000c0s0b0", #"{"description":"\#(text)"}"#),
            ("PATCH", "/ComputeNode?hostname=n*&expect=1500", #"{"description":"\#(text)"}"#),
            ("POST", "/ComputeNode", Self.nodes(1000, #","description":"\#(text)""#)),
            (
                "POST", "/transactions",
                #"{"changes":[{"op":"patch","kind":"BMC","ref":"x1000c0s0b0","patch":{"description":"\#(text)"}}]}"#
            ),
        ] {
            let answer = try await onThread { try server.write(method, path, body) }
            #expect(answer.status == 413 && answer.text.contains("976 KiB"), "\(path): \(answer.text.prefix(300))")
        }
        let node = try server.request("GET", "/ComputeNode?hostname=n7")
        #expect(!node.text.contains("ddd"))
        #expect(try server.write("PATCH", "/ComputeNode?hostname=n1*&limit=500", #"{"description":"d"}"#).status == 200)
        #expect(try server.write("DELETE", "/ComputeNode?hostname=n*&expect=1500").status == 200)
        #expect(try await onThread { try server.write("POST", "/restore?at=2") }.status == 200)
        #expect(try server.request("GET", "/ComputeNode?hostname=n*&count=true").text == #"{"count":1500}"#)
    }

    @Test("is limited in changes, whatever they are")
    func changes() async throws {
        let server = try await server("--transaction-max-changes", "100")
        let deletions = String(repeating: #"{"op":"delete","kind":"BMC","ref":"x1000c0s0b0"},"#, count: 101).dropLast()
        for (method, path, body) in [
            ("POST", "/ComputeNode", Self.nodes(101)), ("POST", "/transactions", #"{"changes":[\#(deletions)]}"#),
        ] {
            let answer = try server.write(method, path, body)
            #expect(answer.status == 413 && answer.text.contains("100 changes"), "\(answer.text.prefix(300))")
        }
        for _ in 0..<2 { #expect(try server.write("POST", "/ComputeNode", Self.nodes(60)).status == 201) }
        #expect(try server.write("PATCH", "/ComputeNode?hostname=n*&expect=120", #"{"hostname":"x"}"#).status == 413)
        #expect(try server.write("PATCH", "/ComputeNode?hostname=n*&limit=100", #"{"hostname":"x"}"#).status == 200)
    }

    @Test("takes no more memory than its limits, whatever many mistakes there are in it")
    func mistakes() async throws {
        let server = try await server()
        let unknown = (0..<400_000).map { #""u\#($0)":0"# }.joined(separator: ",")
        for body in ["[\(String(repeating: "0,", count: 5_000_000))0]", "{\(unknown)}"] {
            let answer = try await onThread { try server.write("POST", "/ComputeNode", body) }
            #expect(answer.status == 400)
            let errors = try JSONValue(parsing: answer.body)["errors"]
            guard case .array(let errors) = errors else { throw ServerError(output: answer.text) }
            #expect((100...1000).contains(errors.count))
        }
        #expect(try server.memory() < 1000 << 20)
    }

    @Test("counts a body whose length nobody knows before for what it is")
    func chunked() async throws {
        // Room for one body of 64 MiB, and so for many small ones only.
        let server = try await server("--body-memory", "64MiB")
        let token = try server.clientToken()
        let connections = try (0..<20).map { _ in
            let connection = try HTTPConnection(port: server.port)
            let headers = ["Transfer-Encoding": "chunked", "Content-Type": "application/json"]
            try connection.send("POST", "/ComputeNode", token: token, headers: headers)
            try connection.send(Array("1\r\n{\r\n".utf8))
            return connection
        }
        let rest = #""hostname":"n","architecture":"a"}"#
        for connection in connections.reversed() {
            try connection.send(Array("\(String(rest.utf8.count, radix: 16))\r\n\(rest)\r\n0\r\n\r\n".utf8))
            #expect(try connection.answer().status == 201)
        }
        let large = try HTTPConnection(port: server.port)
        try large.send("POST", "/ComputeNode", token: token, headers: ["Transfer-Encoding": "chunked"])
        try large.send(Array("100000\r\n[\(String(repeating: " ", count: (1 << 20) - 1))\r\n1\r\n]\r\n0\r\n\r\n".utf8))
        #expect(try large.answer().text == "[]")
    }

    /// Work that was once quadratic, as bodies of a size.
    private static let hard:
        [(name: String, requests: @Sendable (Int) -> [(method: String, path: String, body: String)])] =
            [
                (
                    "a merge patch of nulls",
                    { count in
                        let members = (0..<count).map { #""k\#($0)":0"# }.joined(separator: ",")
                        let nulls = (0..<count).map { #""k\#($0)":null"# }.joined(separator: ",")
                        return [
                            (
                                "POST", "/ComputeNode",
                                #"{"hostname":"h","architecture":"a","xname":"x1000c0s0b0n0","status":{"extended_data":{\#(members)}}}"#
                            ), ("PATCH", "/ComputeNode/x1000c0s0b0n0", #"{"status":{"extended_data":{\#(nulls)}}}"#),
                        ]
                    }
                ),
                (
                    "puts and deletes of one key",
                    { count in
                        let put =
                            #"{"op":"put","kind":"NodeCollection","document":{"name":"c","type":"job","nodes":[]}}"#
                        let puts = Array(repeating: put, count: count)
                        let deletes = Array(
                            repeating: #"{"op":"delete","kind":"NodeCollection","ref":"c"}"#,
                            count: count
                        )
                        return [
                            ("POST", "/transactions", #"{"changes":[\#((puts + deletes).joined(separator: ","))]}"#)
                        ]
                    }
                ),
                (
                    "nodes of one BMC",
                    { count in
                        let nodes = (0..<count).map {
                            #"{"hostname":"n\#($0)","architecture":"a","bmc":{"xname":"x1000c0s0b0"}}"#
                        }
                        return [
                            (
                                "POST", "/BMC",
                                #"{"xname":"x1000c0s0b0","username":"u","password":"p","mac_address":"02:00:00:00:00:01"}"#
                            ), ("POST", "/ComputeNode", "[\(nodes.joined(separator: ","))]"),
                            ("DELETE", "/ComputeNode?hostname=n*&expect=\(count)", ""),
                        ]
                    }
                ),
                (
                    "members of one collection",
                    { count in
                        let nodes = (0..<count).map { #""x\#($0 / 50 + 1000)c0s\#($0 % 50)b0n0""# }.joined(
                            separator: ","
                        )
                        return [
                            ("POST", "/NodeCollection", #"{"name":"c","type":"partition","nodes":[\#(nodes)]}"#),
                            ("PATCH", "/NodeCollection/c", #"{"nodes":[]}"#),
                        ]
                    }
                ),
            ]

    @Test("costs the thread that all writes wait for no more than n log n", arguments: hard.indices)
    func cost(of index: Int) async throws {
        var times: [Double] = []
        for count in [4000, 16_000] {
            let server = try await server()
            for (method, path, body) in Self.hard[index].requests(count) {
                let answer = try await onThread { try server.write(method, path, body) }
                #expect((200..<300).contains(answer.status), "\(path): \(answer.text.prefix(300))")
            }
            times.append(try server.processorTime(ofThread: "committer"))
        }
        #expect(times[1] < 8 * max(times[0], 0.01), "\(Self.hard[index].name): \(times)")
    }
}
