import Foundation
import RawHTTP
import Schema
import TestSupport
import Testing

@Suite("Creation from a stream of lines", .timeLimit(.minutes(10)))
struct LineTests {
    private static func node(_ index: Int, _ padding: String = "") -> String {
        let xname = "x\(1000 + index / 200)c0s\(index % 200)b0n0"
        return #"{"hostname":"nid\#(index)","architecture":"a","xname":"\#(xname)","description":"\#(padding)"}"#
    }

    /// Begins a request whose body is sent piece by piece.
    private func begin(_ server: ServerProcess, _ kind: String = "ComputeNode") throws -> HTTPConnection {
        let connection = try HTTPConnection(port: server.port)
        let token = try server.clientToken()
        let head = """
            POST /\(kind) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\
            Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n
            """
        try connection.send(Array(head.utf8))
        return connection
    }

    private func send(_ text: String, to connection: HTTPConnection) throws {
        try connection.send(Array("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n".utf8))
    }

    private func end(_ connection: HTTPConnection) throws {
        try connection.send(Array("0\r\n\r\n".utf8))
    }

    /// The lines of an answer, up to its end.
    private func lines(_ connection: HTTPConnection) throws -> [JSONValue] {
        var bytes: [UInt8] = []
        while let chunk = try connection.chunk() { bytes += chunk }
        return try bytes.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
    }

    @Test("each line stands on its own and is answered in order; the last line sums up")
    func eachOnItsOwn() async throws {
        let server = try await ServerProcess(in: Workspace())
        let body = [
            Self.node(0), "", "nonsense", #"{"hostname":5,"colour":1}"#, "  \r", Self.node(0), Self.node(1) + "\r",
            #"{"hostname":"b","architecture":"a","bmc":{"username":"u","password":"p","mac_address":"02:00:00:00:00:01"}}"#,
            #"{"hostname":"c","architecture":"a","bmc":{"mac_address":"02:00:00:00:00:01"}}"#,
        ].joined(separator: "\n")
        let headers = ["Content-Type": "application/x-ndjson; charset=utf-8"]
        let answer = try server.request(
            "POST",
            "/ComputeNode",
            token: server.clientToken(),
            headers: headers,
            body: body
        )
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "application/x-ndjson")
        let lines = try answer.text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(lines.dropLast().compactMap { $0["line"]?.int } == [1, 3, 4, 6, 7, 8, 9])
        #expect(lines.dropLast().compactMap { $0["status"]?.int } == [201, 400, 400, 409, 201, 201, 201])
        #expect(
            lines[2]["errors"]?.array.compactMap { $0["pointer"]?.string } == ["/hostname", "/colour", "/architecture"]
        )
        #expect(lines[3]["holder"]?["id"] == lines[0]["id"])
        #expect(lines.last == ["created": 4, "failed": 3])
        let id = try #require(lines[0]["id"]?.string)
        #expect(try server.request("GET", "/ComputeNode/\(id)").version == lines[0]["version"]?.int)
    }

    @Test("an empty stream creates nothing, and one without a token is 401")
    func empty() async throws {
        let server = try await ServerProcess(in: Workspace())
        let headers = ["Content-Type": "application/x-ndjson"]
        let token = try server.clientToken()
        let answer = try server.request("POST", "/Component", token: token, headers: headers, body: "")
        #expect(answer.text == #"{"created":0,"failed":0}"# + "\n")
        #expect(try server.request("POST", "/Component", headers: headers, body: "{}").status == 401)
    }

    @Test("a line is answered before the next one is sent")
    func answeredMeanwhile() async throws {
        let server = try await ServerProcess(in: Workspace())
        let connection = try begin(server)
        for index in 0..<5 {
            let line = Self.node(index)
            // The line ends with another piece than it begins with.
            try send(String(line.prefix(20)), to: connection)
            try send("\(line.dropFirst(20))\n", to: connection)
            if index == 0 { #expect(try connection.head().status == 200) }
            let answer = try #require(try connection.chunk())
            #expect(try JSONValue(parsing: answer.dropLast())["line"]?.int == index + 1)
            #expect(try server.request("GET", "/ComputeNode/x1000c0s\(index)b0n0").status == 200)
        }
        try end(connection)
        #expect(try lines(connection) == [["created": 5, "failed": 0]])
    }

    @Test("a line above the limit fails alone")
    func longLine() async throws {
        let server = try await ServerProcess(in: Workspace())
        let answers = try await onThread {
            let connection = try begin(server)
            let padding = String(repeating: "d", count: 9 << 20)
            let body = [Self.node(0), Self.node(1, padding), Self.node(2), Self.node(3, padding)]
            try send(body.joined(separator: "\n"), to: connection)
            try end(connection)
            #expect(try connection.head().status == 200)
            return try lines(connection)
        }
        #expect(answers.dropLast().compactMap { $0["status"]?.int } == [201, 413, 201, 413])
        #expect(answers.dropLast().compactMap { $0["line"]?.int } == [1, 2, 3, 4])
        #expect(answers.last == ["created": 2, "failed": 2])
    }

    @Test("a client that does not read is not read from, and holds nobody else up")
    func backPressure() async throws {
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"])
        try await onThread {
            let connection = try begin(server)
            connection.limitUnread(to: 1 << 12)
            // Each line is answered at more length than it has.
            let lines = String(repeating: "nonsense\n", count: 1000)
            let piece = Array("\(String(lines.utf8.count, radix: 16))\r\n\(lines)\r\n".utf8)
            let taken = connection.sendUntilHeldUp(piece, limit: 64 << 20)
            #expect(taken != nil, "the server has read everything though nobody has read its answers")
            for index in 0..<50 {
                #expect(try server.write("POST", "/ComputeNode", Self.node(index)).status == 201)
            }
        }
    }

    @Test("a connection that is cut leaves what was answered, and no more than was under way")
    func cut() async throws {
        let generator = SeededGenerator()
        print("Lines: \(generator)")
        var random = generator
        for round in 0..<5 {
            let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"])
            let sent = Int.random(in: 1...3000, using: &random)
            let limit = Int.random(in: 1...sent, using: &random)
            let answered = try await onThread {
                let connection = try begin(server)
                for start in stride(from: 0, to: sent, by: 50) {
                    let piece = (start..<min(sent, start + 50)).map { Self.node($0) + "\n" }.joined()
                    try send(piece, to: connection)
                }
                try send(String(Self.node(sent).prefix(30)), to: connection)
                _ = try connection.head()
                var answered: [String] = []
                var rest: [UInt8] = []
                while answered.count < limit, let chunk = try connection.chunk() {
                    rest += chunk
                    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                        answered.append(try JSONValue(parsing: Array(rest[..<end]))["id"]?.string ?? "")
                        rest = Array(rest[(end + 1)...])
                    }
                }
                connection.cut()
                return answered
            }
            #expect(server.stop() == 0, "what is under way is finished")
            let restarted = try await ServerProcess(in: server.workspace)
            let found = try restarted.request("GET", "/ComputeNode").text
            let stored = try JSONValue(parsing: Array(found.utf8)).array
            let ids = Set(stored.compactMap { $0["id"]?.string })
            #expect(ids.isSuperset(of: answered), "round \(round)")
            let hostnames = stored.compactMap { $0["hostname"]?.string }
            #expect(hostnames == (0..<hostnames.count).map { "nid\($0)" }, "what is there has no gaps")
            #expect(stored.count <= sent, "the line that was cut is not there")
        }
    }
}
