import Foundation
import RawHTTP
import Schema
import Testing

@Suite("A list", .timeLimit(.minutes(5)))
struct ListTests {
    private func addNodes(_ server: ServerProcess, count: Int, length: Int = 1000) throws {
        let text = String(repeating: "dD", count: length / 2)
        let nodes = (0..<count).map {
            #"{"hostname":"n\#($0)","architecture":"a","xname":"x\#(1000 + $0)c0s0b0n0","description":"\#(text)\#($0)"}"#
        }
        #expect(try server.write("POST", "/ComputeNode", "[\(nodes.joined(separator: ","))]").status == 201)
    }

    private func get(_ server: ServerProcess, _ path: String, _ headers: [String: String] = [:]) throws
        -> HTTPConnection.Answer
    {
        try server.request("GET", path, headers: headers)
    }

    private static let paths = [
        "/ComputeNode", "/ComputeNode?fields=hostname,bmc.xname", "/BMC?xname=x1*&sort=-id&limit=900",
    ]

    // MARK: Compression

    @Test("is compressed for who asks, and is the same then, with a tag of its own")
    func compression() async throws {
        let server = try await ServerProcess(in: Workspace())
        try addNodes(server, count: 1000)
        for path in Self.paths {
            let plain = try get(server, path)
            #expect(plain.headers["content-encoding"] == nil && plain.headers["vary"] == "Accept, Accept-Encoding")
            let packed = try get(server, path, ["Accept-Encoding": "gzip, deflate, br"])
            #expect(packed.headers["content-encoding"] == "gzip" && packed.headers["vary"] == "Accept, Accept-Encoding")
            #expect(try Gzip.decompressed(packed.body) == plain.body && packed.body.count < plain.body.count / 2)
            #expect(packed.headers["etag"] == plain.headers["etag"].map { "\($0.dropLast())-gzip\"" })
            #expect(packed.headers["link"] == plain.headers["link"] && packed.headers["content-length"] == nil)
            let head = try server.request("HEAD", path, headers: ["Accept-Encoding": "gzip"])
            #expect(head.headers["content-encoding"] == "gzip" && head.headers["etag"] == packed.headers["etag"])
            #expect(head.headers["content-length"] == nil)
        }
        #expect(try get(server, "/ComputeNode", ["Accept-Encoding": "gzip;q=0"]).headers["content-encoding"] == nil)
        for path in ["/diff?from=0", "/ComputeNode/x1000c0s0b0n0/history"] {
            let plain = try server.write("GET", path)
            let packed = try server.write("GET", path, headers: ["Accept-Encoding": "gzip"])
            #expect(packed.headers["content-encoding"] == "gzip" && packed.headers["vary"] == "Accept-Encoding")
            #expect(try Gzip.decompressed(packed.body) == plain.body)
        }
        #expect(try server.processorTime(ofThread: "compress") > 0)
        // What is short stays what it is, and one resource does, always.
        let short = try get(server, "/ComputeNode?hostname=none", ["Accept-Encoding": "gzip"])
        #expect(short.headers["content-encoding"] == nil && short.text == "[]")
        let one = try get(server, "/ComputeNode/x1000c0s0b0n0", ["Accept-Encoding": "gzip"])
        #expect(one.headers["content-encoding"] == nil && one.headers["vary"] == nil)
        #expect(one.headers["etag"] == "\"1\"" && one.body.count > 1024)
        // Of HTTP/1.0, up to the end of the connection.
        let connection = try HTTPConnection(port: server.port)
        try connection.send("GET /ComputeNode HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
        #expect(try connection.head().headers["content-encoding"] == "gzip")
        #expect(try Gzip.decompressed(connection.everything()) == get(server, "/ComputeNode").body)
    }

    @Test(
        "that is compressed waits for its clients like others: it takes little memory, and who does not read is dropped"
    )
    func unread() async throws {
        let server = try await ServerProcess(in: Workspace())
        // What compresses badly.
        let nodes = (0..<2000).map { number in
            let text = (0..<250).map { _ in UUID().uuidString }.joined()
            return #"{"hostname":"n\#(number)","architecture":"a","description":"\#(text)"}"#
        }
        let array = "[\(nodes.joined(separator: ","))]"
        #expect(try await onThread { try server.write("POST", "/ComputeNode", array) }.status == 201)
        let before = try server.memory()
        let connections = try (0..<300).map { _ in
            let connection = try HTTPConnection(port: server.port)
            connection.limitUnread(to: 4096)
            try connection.send("GET", "/ComputeNode", headers: ["Accept-Encoding": "gzip"])
            return connection
        }
        for _ in 0..<20 { #expect(try server.request("GET", "/healthz").status == 200) }
        _ = try await server.line(containing: "does not read its answer")
        #expect(try server.memory() - before < 300 << 20)
        withExtendedLifetime(connections) {}
    }

    // MARK: Lines

    @Test("comes one resource a line for who asks for that")
    func lines() async throws {
        let server = try await ServerProcess(in: Workspace())
        try addNodes(server, count: 300)
        for path in Self.paths + ["/ComputeNode?hostname=none"] {
            let array = try get(server, path)
            let answer = try get(server, path, ["Accept": "application/x-ndjson"])
            #expect(answer.headers["content-type"] == "application/x-ndjson")
            #expect(answer.headers["link"] == array.headers["link"])
            #expect(answer.headers["etag"] == array.headers["etag"].map { "\($0.dropLast())-ndjson\"" })
            let lines = answer.text.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.last == "")
            #expect("[\(lines.dropLast().joined(separator: ","))]" == array.text)
            let packed = try get(server, path, ["Accept": "application/x-ndjson", "Accept-Encoding": "gzip"])
            if packed.headers["content-encoding"] == "gzip" {
                #expect(try Gzip.decompressed(packed.body) == answer.body)
            }
        }
    }

    @Test(
        "is an array unless lines are wanted more",
        arguments: [
            ("application/json", "application/json"), ("*/*", "application/json"), ("text/html", "application/json"),
            ("application/*", "application/json"), ("application/ndjson", "application/x-ndjson"),
            ("application/jsonl", "application/x-ndjson"),
            ("application/json;q=0.5, application/x-ndjson", "application/x-ndjson"),
            ("application/x-ndjson;q=0.5, application/json", "application/json"),
            ("application/x-ndjson;q=0", "application/json"), ("application/json;q=0, */*", "application/x-ndjson"),
            ("application/json;q=0", nil), ("*/*;q=0", nil), ("application/json;q=0, application/x-ndjson;q=0", nil),
        ]
    )
    func acceptance(accept: String, type: String?) async throws {
        let server = try await ServerProcess(in: Workspace())
        let answer = try get(server, "/ComputeNode", ["Accept": accept])
        #expect(answer.status == (type == nil ? 406 : 200))
        #expect(answer.headers["content-type"] == type ?? "application/problem+json")
    }

    // MARK: Tags

    @Test("has a tag of the last change of what it reads, and is a 304 while that is the same")
    func tags() async throws {
        let workspace = try Workspace()
        var server = try await ServerProcess(in: workspace)
        #expect(try get(server, "/ComputeNode").headers["etag"]?.hasPrefix("\"0-") == true)
        try addNodes(server, count: 3)
        let collection = #"{"name":"c","type":"job","nodes":["x1000c0s0b0n0"]}"#
        let id = #"{"ID":"x1000c0s0b0n0","Type":"Node"}"#
        let paths = [
            "/ComputeNode", "/ComputeNode?architecture=a", "/ComputeNode?xname=x1000c0s0b0n0",
            "/ComputeNode?collection=c",
            "/inventory/BMC", "/BMC?xname=x1*", "/NodeCollection", "/Component?Type=Node",
        ]
        /// What each path's tag becomes by a write.
        func tags() throws -> [String] {
            try paths.map { path in
                let tag = try #require(get(server, path).headers["etag"])
                let again = try get(server, path, ["If-None-Match": tag])
                #expect(again.status == 304 && again.body.isEmpty && again.headers["etag"] == tag, "\(path)")
                #expect(again.headers["vary"] == "Accept, Accept-Encoding")
                return tag
            }
        }
        var before = try tags()
        let writes: [(method: String, path: String, body: String?, changed: Set<Int>)] = [
            // A node's write makes or changes its BMC, and a BMC's its nodes.
            ("PATCH", "/ComputeNode/x1000c0s0b0n0", #"{"description":"d"}"#, [0, 1, 2, 3]),
            ("PATCH", "/BMC/x1000c0s0b0", #"{"description":"d"}"#, [0, 1, 2, 3, 4, 5]),
            ("POST", "/NodeCollection", collection, [3, 6]),
            ("PATCH", "/NodeCollection/c", #"{"type":"tenant"}"#, [3, 6]),
            ("POST", "/Component", id, [7]), ("PATCH", "/NodeCollection/c", "{}", []), ("POST", "/snapshots", nil, []),
            ("DELETE", "/Component/x1000c0s0b0n0", nil, [7]), ("DELETE", "/NodeCollection/c", nil, [3, 6]),
        ]
        for (method, path, body, changed) in writes {
            let answer = try server.write(method, path, body)
            #expect((200..<300).contains(answer.status), "\(method) \(path): \(answer.text)")
            let after = try tags()
            for (index, path) in paths.enumerated() {
                #expect((before[index] != after[index]) == changed.contains(index), "\(method): \(path)")
                let condition = try get(server, path, ["If-None-Match": "\"other\", W/\(before[index])"])
                #expect(condition.status == (changed.contains(index) ? 200 : 304), "\(method): \(path)")
            }
            before = after
        }
        // After a start it is the last transaction that counts.
        #expect(server.stop() == 0)
        server = try await ServerProcess(in: workspace)
        let after = try tags()
        #expect(Set(after).count == 1 && after[0] == before[3])
    }

    @Test("that is unchanged is not searched for, whatever that would take")
    func noSearch() async throws {
        let server = try await ServerProcess(in: Workspace())
        try addNodes(server, count: 1000)
        let path = "/ComputeNode?description=*D*1*&sort=-hostname"
        let tag = try #require(get(server, path).headers["etag"])
        let before = try await server.processorTimeAtRest(ofThread: "search")
        let connection = try HTTPConnection(port: server.port)
        for _ in 0..<2000 {
            try connection.send("GET", path, headers: ["If-None-Match": tag])
            #expect(try connection.answer().status == 304)
        }
        #expect(try server.processorTime(ofThread: "search") == before)
        // What is asked for is still held to what there is.
        #expect(try get(server, "/ComputeNode?colour=red", ["If-None-Match": tag]).status == 400)
        #expect(try get(server, path, ["If-None-Match": "7"]).status == 400)
        #expect(try get(server, path, ["If-None-Match": "*"]).status == 304)
    }

    @Test("of the form that is asked for alone is a 304, and one that must be as it was is a 412 when it is not")
    func forms() async throws {
        let server = try await ServerProcess(in: Workspace())
        try addNodes(server, count: 3)
        let forms = [[:], ["Accept-Encoding": "gzip"], ["Accept": "application/x-ndjson"]]
        for form in forms {
            let tag = try #require(get(server, "/ComputeNode", form).headers["etag"])
            for other in forms {
                let answer = try get(server, "/ComputeNode", other.merging(["If-None-Match": tag]) { $1 })
                #expect(answer.status == (other == form ? 304 : 200))
                let match = try get(server, "/ComputeNode", other.merging(["If-Match": tag]) { $1 })
                #expect(match.status == (other == form ? 200 : 412))
            }
        }
        let weak = try get(server, "/ComputeNode", ["If-Match": "W/\"1\""])
        #expect(weak.status == 412 && weak.text.contains("weak tags match nothing"))
    }

    @Test("of the past has a tag that any write changes, and of a moment that is yet to come none")
    func past() async throws {
        let server = try await ServerProcess(in: Workspace())
        try addNodes(server, count: 3)
        let snapshot = try JSONValue(parsing: server.write("POST", "/snapshots").body)["id"]?.text ?? ""
        let moments = ["1", Date.now.ISO8601Format(), snapshot.trimmingCharacters(in: ["\""])]
        for moment in moments {
            let path = "/ComputeNode?at=\(moment)"
            let tag = try #require(get(server, path).headers["etag"], "\(moment)")
            #expect(try get(server, path, ["If-None-Match": tag]).status == 304)
            #expect(
                try server.write("PATCH", "/ComputeNode/x1000c0s0b0n0", #"{"description":"\#(moment)"}"#).status == 200
            )
            let answer = try get(server, path, ["If-None-Match": tag])
            #expect(answer.status == 200 && !answer.text.contains("\"description\":\"\(moment)\""))
        }
        for moment in ["99", "2999-01-01T00:00:00Z"] {
            let answer = try get(server, "/ComputeNode?at=\(moment)", ["If-None-Match": "*"])
            #expect(answer.status == 400, "\(answer.text)")
        }
    }

    @Test("is never tagged newer than what it shows, while others write")
    func race() async throws {
        let server = try await ServerProcess(in: Workspace(), ["--fsync", "never", "--log-level", "error"])
        try addNodes(server, count: 50, length: 2)
        let token = try server.clientToken()
        let writer = ThreadedWork {
            let connection = try HTTPConnection(port: server.port)
            for number in 0..<1500 {
                let patch = #"{"description":"\#(number)"}"#
                let answer = try connection.request("PATCH", "/ComputeNode/x1000c0s0b0n0", token: token, patch)
                #expect(answer.status == 200)
            }
        }
        let readers = ["/ComputeNode", "/ComputeNode?xname=x1000c0s0b0n0", "/ComputeNode?hostname=n0"].map { path in
            ThreadedWork {
                let connection = try HTTPConnection(port: server.port)
                for _ in 0..<400 {
                    try connection.send("GET", path)
                    let answer = try connection.answer()
                    let tagged = answer.headers["etag"].flatMap { Int($0.dropFirst().prefix { $0 != "-" }) } ?? 0
                    // The node's version is the last transaction that is seen: nothing else is written.
                    let nodes = try JSONValue(parsing: answer.body).array
                    let node = nodes.first { $0["hostname"] == .string("n0") }
                    let shown = node?["description"].flatMap { Int($0.text.trimmingCharacters(in: ["\""])) }
                    // Transaction 1 added the nodes, 2 has set 0.
                    #expect(tagged <= (shown.map { $0 + 2 } ?? 1), "\(path)")
                }
            }
        }
        for work in readers + [writer] { _ = try await work.result }
    }
}
