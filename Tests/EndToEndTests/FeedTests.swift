import Foundation
import RawHTTP
import Schema
import TestSupport
import Testing

@Suite("The feed", .timeLimit(.minutes(10)))
struct FeedTests {
    /// A write that was acknowledged: the version it made, and the document.
    private struct Written: Sendable {
        var version: Int
        var document: JSONValue
    }

    /// Writes nodes one after the other, on one connection.
    private static func write(
        _ count: Int,
        cabinet: Int,
        description: String = "",
        to server: ServerProcess
    ) throws -> [Written] {
        let token = try server.clientToken()
        let connection = try HTTPConnection(port: server.port)
        return try (0..<count).map { index in
            let xname = "x\(cabinet)c\(index / 200)s\(index % 200)b0n0"
            let body = """
                {"hostname":"h\(index)","xname":"\(xname)","architecture":"a","description":"\(description)"}
                """
            let answer = try connection.request("POST", "/ComputeNode", token: token, body)
            guard answer.status == 201, let version = answer.version else { throw ServerError(output: answer.text) }
            return Written(version: version, document: try JSONValue(parsing: answer.body))
        }
    }

    /// Has several writers write at the same time.
    private static func write(
        writers: Int,
        each count: Int,
        description: String = "",
        to server: ServerProcess
    ) async throws -> [Written] {
        try await withThrowingTaskGroup(of: [Written].self) { group in
            for writer in 0..<writers {
                group.addTask {
                    try await onThread {
                        try write(count, cabinet: 2000 + writer, description: description, to: server)
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }.sorted { $0.version < $1.version }
        }
    }

    /// Writes the component that ``isLast(_:)`` knows.
    private static func writeLast(to server: ServerProcess) throws {
        let answer = try server.write("POST", "/Component", #"{"ID":"x9999","Type":"Cabinet"}"#)
        #expect(answer.status == 201, "\(answer.text)")
    }

    private static func isLast(_ change: JSONValue) -> Bool {
        change["kind"] == "Component"
    }

    /// The kinds that each transaction has changed, by its number, in order.
    private static func kinds(_ changes: [JSONValue]) -> [(sequence: Int?, kinds: Set<String>)] {
        changes.reduce(into: []) { transactions, change in
            if transactions.last?.sequence != change["seq"]?.int { transactions.append((change["seq"]?.int, [])) }
            transactions[transactions.count - 1].kinds.insert(change["kind"]?.string ?? "")
        }
    }

    /// Holds events that end with the last component to what was written.
    private static func expect(_ events: [EventStream.Event], tell written: [Written]) throws {
        #expect(Set(try events.map { try $0.json["event"]?.string }).count == events.count)
        let nodes = try events.map { try $0.json }.filter { $0["kind"] == "ComputeNode" }
        let numbers = nodes.compactMap { $0["seq"]?.int }
        let missing = Set(written.map(\.version)).subtracting(numbers).sorted()
        try #require(numbers == written.map(\.version), "missing are \(missing)")
        var time = ""
        for (change, written) in zip(nodes, written) {
            #expect(change["op"] == "put")
            #expect(change["id"] == written.document["id"])
            #expect(change["document"] == written.document)
            let at = try #require(change["at"]?.string)
            #expect(at >= time)
            time = at
        }
    }

    @Test(
        "gives history and then what is new while others write, nothing missing and nothing twice",
        arguments: EventStream.Format.allCases
    )
    func historyThenLive(format: EventStream.Format) async throws {
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"])
        let before = try Self.write(50, cabinet: 1000, to: server)
        async let first = onThread { try server.events("after=0", format: format).events(through: Self.isLast) }
        async let writing = Self.write(writers: 4, each: 100, to: server)
        async let second = onThread { try server.events("after=0", format: format).events(through: Self.isLast) }
        let written = try await before + writing
        async let third = onThread { try server.events("after=0", format: format).events(through: Self.isLast) }
        try Self.writeLast(to: server)
        for events in try await [first, second, third] {
            try Self.expect(events, tell: written)
        }
    }

    @Test("goes on after Last-Event-ID, nothing missing and nothing twice, however often a reader comes back")
    func reconnects() async throws {
        let generator = SeededGenerator()
        print("The feed: \(generator)")
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"])
        async let reading = onThread {
            var generator = generator
            var events: [EventStream.Event] = []
            while try events.last.map({ try !Self.isLast($0.json) }) ?? true {
                // The header is the newer word, as of a browser that reconnects to the address it was given.
                let stream = try server.events("after=0", lastEventID: events.last?.id)
                for _ in 0..<Int.random(in: 1...40, using: &generator) {
                    let event = try #require(try stream.next())
                    events.append(event)
                    if try Self.isLast(event.json) { break }
                }
            }
            return events
        }
        let written = try await Self.write(writers: 4, each: 100, to: server)
        try Self.writeLast(to: server)
        try await Self.expect(reading, tell: written)
    }

    @Test("gives only what is new when not asked for more")
    func liveOnly() async throws {
        let server = try await ServerProcess(in: Workspace())
        _ = try Self.write(10, cabinet: 1000, to: server)
        let streams = try EventStream.Format.allCases.map { try server.events(format: $0) }
        let written = try Self.write(10, cabinet: 1001, to: server)
        try Self.writeLast(to: server)
        let newest = try server.events("after=\(try #require(written.last).version)")
        for stream in streams {
            try Self.expect(stream.events(through: Self.isLast), tell: written)
        }
        #expect(try newest.events(through: Self.isLast).count == 1)
    }

    @Test("gives the changes of some kinds, and leaves transactions without any out")
    func kinds() async throws {
        let server = try await ServerProcess(in: Workspace())
        let bodies = [
            ("ComputeNode", #"{"hostname":"alone","architecture":"a"}"#),
            ("ComputeNode", #"{"hostname":"with-a-bmc","architecture":"a","xname":"x1000c0s0b0n0"}"#),
            ("NodeCollection", #"{"name":"c","type":"job","nodes":[]}"#),
            ("BMC", #"{"xname":"x1000c0s1b0","username":"u","password":"p","mac_address":"02:00:00:00:00:01"}"#),
        ]
        let versions = try bodies.map { kind, body in
            try #require(try server.write("POST", "/\(kind)", body).version)
        }
        try Self.writeLast(to: server)
        let cases: [(kinds: String, expected: [(Int, Set<String>)])] = [
            ("ComputeNode", [(versions[0], ["ComputeNode"]), (versions[1], ["ComputeNode"])]),
            ("BMC", [(versions[1], ["BMC"]), (versions[3], ["BMC"])]),
            (
                "ComputeNode,BMC",
                [
                    (versions[0], ["ComputeNode"]), (versions[1], ["ComputeNode", "BMC"]), (versions[3], ["BMC"]),
                ]
            ),
            ("NodeCollection", [(versions[2], ["NodeCollection"])]),
        ]
        for (kinds, expected) in cases {
            let events = try server.events("after=0&kind=\(kinds),Component").events(through: Self.isLast).dropLast()
            let found = Self.kinds(try events.map { try $0.json })
            #expect(found.map(\.sequence) == expected.map(\.0), "\(kinds)")
            #expect(found.map(\.kinds) == expected.map(\.1), "\(kinds)")
        }
    }

    @Test("is not held up by what is left out, however much that is")
    func leftOut() async throws {
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"])
        let description = String(repeating: "d", count: 400_000)
        let early = try server.events("after=0&kind=Component")
        _ = try Self.write(20, cabinet: 1000, description: description, to: server)
        try Self.writeLast(to: server)
        for stream in [early, try server.events("after=0&kind=Component")] {
            let start = ContinuousClock.now
            let events = try stream.events(through: Self.isLast)
            #expect(events.count == 1)
            // What is sent every 15 s to a feed that is silent brings nothing on its way.
            #expect(ContinuousClock.now - start < .seconds(7))
        }
    }

    @Test("tells of replacing and deleting too, without secrets, the same in both formats and after a crash")
    func content() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace)
        let secret = "correct-horse-battery-staple"
        let bmc = #"{"xname":"x1000c0s0b0","username":"u","password":"\#(secret)","mac_address":"02:00:00:00:00:01"}"#
        let node = """
            {"hostname":"h","architecture":"a","xname":"x1000c0s0b0n0","spec":{"bmc_password":"\(secret)"},"bmc":\(bmc)}
            """
        #expect(try server.write("POST", "/ComputeNode", node).status == 201)
        let replaced = try server.write("PUT", "/BMC/x1000c0s0b0", bmc.replacing("\"u\"", with: "\"v\""))
        #expect(replaced.status == 200)
        #expect(try server.write("DELETE", "/ComputeNode/x1000c0s0b0n0").status == 204)
        try Self.writeLast(to: server)

        let stream = try server.events("after=0")
        #expect(stream.headers["content-type"]?.hasPrefix("text/event-stream") == true)
        let events = try stream.events(through: Self.isLast)
        let changes = try events.map { try $0.json }
        #expect(changes.allSatisfy { $0["by"] == "local-admin" })
        #expect(
            Self.kinds(changes).map(\.kinds) == [
                ["ComputeNode", "BMC"], ["ComputeNode", "BMC"], ["ComputeNode"], ["Component"],
            ]
        )
        #expect(events.map(\.id) == changes.map { $0["event"]?.string })
        let numbers = changes.compactMap { $0["seq"]?.int }
        #expect(events.map(\.id) == zip(numbers, [".1", "", ".1", "", "", ""]).map { "\($0)\($1)" })
        #expect(events.map(\.name) == changes.map { $0["op"]?.string })
        let put = changes[2...3].first { $0["kind"] == "BMC" }
        #expect(try put?["document"] == JSONValue(parsing: replaced.body))
        let removal = changes[4]
        #expect(removal["op"] == "delete")
        #expect(removal["id"]?.string?.count == 36)
        #expect(removal["document"] == nil)
        for event in events {
            #expect(!event.data.contains(secret))
            #expect(!event.data.contains(#""secrets""#))
            #expect(!event.data.contains("v1."))
        }

        let lines = try server.events("after=0", format: .ndjson)
        #expect(lines.headers["content-type"]?.hasPrefix("application/x-ndjson") == true)
        #expect(try lines.events(through: Self.isLast).map(\.data) == events.map(\.data))
        _ = server.stop(SIGKILL)
        let restarted = try await ServerProcess(in: workspace)
        #expect(try restarted.events("after=0").events(through: Self.isLast).map(\.data) == events.map(\.data))
    }

    @Test("needs a token")
    func token() async throws {
        let server = try await ServerProcess(in: Workspace())
        let refused = #expect(throws: EventStream.Refused.self) {
            try EventStream(port: server.port, token: nil, "after=0")
        }
        #expect(refused?.answer.status == 401)
    }

    @Test("says what is wrong with a request")
    func refusals() async throws {
        let server = try await ServerProcess(in: Workspace())
        for (parameters, lastEventID) in [
            ("after=x", nil), ("after=-1", nil), ("after=99999999999999999999", nil),
            ("after=7.0", nil), ("after=0", "x"), ("kind=Nope", nil), ("nope=1", nil),
        ] as [(String, String?)] {
            let refused = #expect(throws: EventStream.Refused.self, "\(parameters) \(lastEventID ?? "")") {
                try server.events(parameters, lastEventID: lastEventID)
            }
            #expect(refused?.answer.status == 400, "\(parameters): \(refused?.answer.text ?? "")")
            #expect(refused?.answer.headers["content-type"] == "application/problem+json")
        }
    }

    @Test("refuses a position that this history does not have, and says what to do")
    func otherHistory() async throws {
        let workspace = try Workspace()
        var server = try await ServerProcess(in: workspace)
        let newest = try #require(try Self.write(3, cabinet: 1000, to: server).last).version
        func refusal(_ parameters: String, _ lastEventID: String? = nil) -> HTTPConnection.Answer? {
            #expect(throws: EventStream.Refused.self, "\(parameters)") {
                try server.events(parameters, lastEventID: lastEventID)
            }?.answer
        }
        for answer in [refusal("after=\(newest + 1)"), refusal("after=0", "\(newest + 300).2")] {
            #expect(answer?.status == 410)
            #expect(answer?.text.contains("read the resources again") == true)
        }
        // After a kill numbers skip, and what a client may have of another history lies between.
        _ = server.stop(SIGKILL)
        server = try await ServerProcess(in: workspace)
        #expect(refusal("after=\(newest + 1)")?.status == 410)
        let later = try #require(try Self.write(1, cabinet: 1001, to: server).last).version
        #expect(later > newest + 1)
        for position in [newest + 1, newest + 300, later - 2] { #expect(refusal("after=\(position)")?.status == 410) }
        for position in ["0", "1", "\(newest)", "\(newest).1", "\(later)"] {
            #expect(throws: Never.self) { try server.events("after=\(position)") }
        }
    }

    @Test("begins at once though nothing happens, and with the number of the answer that a list has")
    func idle() async throws {
        let server = try await ServerProcess(in: Workspace())
        _ = try Self.write(2, cabinet: 1000, to: server)
        let list = try server.request("GET", "/ComputeNode")
        let sequence = try #require(list.headers["inventory-sequence"])
        let start = ContinuousClock.now
        let stream = try server.events("after=\(sequence)")
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(stream.headers["inventory-sequence"] == sequence)
        try Self.writeLast(to: server)
        #expect(try stream.events(through: Self.isLast).count == 1)
        let was = try server.request("GET", "/ComputeNode?at=1")
        #expect(was.headers["inventory-sequence"] == "1")
        let node = try #require(JSONValue(parsing: was.body).array.first?["id"]?.string)
        #expect(try server.request("GET", "/ComputeNode/\(node)?at=1").headers["inventory-sequence"] == "1")
        let written = try server.write("PATCH", "/ComputeNode/\(node)", #"{"description":"d"}"#)
        let history = try server.request("GET", "/ComputeNode/\(node)/history?limit=1", token: server.clientToken())
        let version = try JSONValue(parsing: history.body).array.first?["version"]?.int
        #expect(written.headers["inventory-sequence"] == version.map(String.init))
        #expect(try server.request("GET", "/ComputeNode/none").headers["inventory-sequence"] != nil)
    }
}
