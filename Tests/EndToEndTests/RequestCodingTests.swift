import Foundation
import RawHTTP
import Schema
import Testing

@Suite("A body that is compressed", .timeLimit(.minutes(5)))
struct RequestCodingTests {
    private static let node = #"{"hostname":"n","architecture":"a","xname":"x1000c0s0b0n0"}"#

    private func send(
        _ server: ServerProcess,
        _ method: String,
        _ path: String,
        _ body: [UInt8],
        coding: String = "gzip",
        type: String = "application/json"
    ) throws -> HTTPConnection.Answer {
        let connection = try HTTPConnection(port: server.port)
        let headers = ["Content-Type": type, "Content-Encoding": coding]
        try connection.send(method, path, token: server.clientToken(), headers: headers, bytes: body)
        return try connection.answer()
    }

    @Test("is read wherever a body is")
    func everywhere() async throws {
        let server = try await ServerProcess(in: Workspace())
        let change = #"{"op":"patch","kind":"ComputeNode","ref":"x1000c0s0b0n0","patch":{"hostname":"p"}}"#
        let lines = (0..<2000).map { #"{"hostname":"l\#($0)","architecture":"b"}"# }.joined(separator: "\n")
        let cases: [(method: String, path: String, type: String, body: String, status: Int, part: String)] = [
            ("POST", "/ComputeNode", "application/json", Self.node, 201, #""hostname":"n""#),
            ("POST", "/ComputeNode", "application/json", #"[{"hostname":"m","architecture":"a"}]"#, 201, #""m""#),
            ("POST", "/ComputeNode", "application/x-ndjson", lines, 200, #"{"created":2000,"failed":0}"#),
            ("PUT", "/ComputeNode/x1000c0s0b0n0", "application/json", Self.node, 200, #""hostname":"n""#),
            ("POST", "/ComputeNode/x1000c0s0b0n0", "application/json", Self.node, 200, #""hostname":"n""#),
            ("PATCH", "/ComputeNode/x1000c0s0b0n0", "application/merge-patch+json", #"{"hostname":"o"}"#, 200, #""o""#),
            (
                "PATCH", "/ComputeNode?hostname=o&expect=1", "application/json", #"{"hostname":"q"}"#, 200,
                #""changed":1"#
            ),
            ("POST", "/transactions", "application/json", #"{"changes":[\#(change)]}"#, 200, #""sequence""#),
            ("POST", "/restore?at=2", "application/json", #"{"reason":"tried"}"#, 200, #""sequence""#),
            ("POST", "/query", "application/json", #"{"sql":"SELECT 42 AS n"}"#, 200, "42"),
        ]
        for (method, path, type, body, status, part) in cases {
            let answer = try send(server, method, path, Gzip.compressed(body), type: type)
            #expect(
                answer.status == status && answer.text.contains(part),
                "\(method) \(path): \(answer.text.suffix(300))"
            )
        }
        let history = try server.write("GET", "/ComputeNode/x1000c0s0b0n0/history")
        #expect(history.text.contains("tried"))
    }

    @Test("may be called so in any way, be of several parts, or not be compressed at all")
    func names() async throws {
        let server = try await ServerProcess(in: Workspace())
        let patch = #"{"hostname":"o"}"#
        #expect(try server.write("POST", "/ComputeNode", Self.node).status == 201)
        let parts = try Gzip.compressed(String(patch.prefix(5))) + Gzip.compressed(String(patch.dropFirst(5)))
        for (coding, body) in try [
            ("gzip", Gzip.compressed(patch)), ("x-gzip", Gzip.compressed(patch)), ("GZip", Gzip.compressed(patch)),
            ("gzip", parts), ("identity", Array(patch.utf8)), ("", Array(patch.utf8)),
        ] {
            let answer = try send(server, "PATCH", "/ComputeNode/x1000c0s0b0n0", body, coding: coding)
            #expect(answer.status == 200, "\(coding): \(answer.text)")
        }
    }

    @Test("in another way, or in several, is a 415 that says which there are")
    func otherCodings() async throws {
        let server = try await ServerProcess(in: Workspace())
        let cases = [
            ("POST", "/ComputeNode", "application/json"), ("POST", "/ComputeNode", "application/x-ndjson"),
            ("PATCH", "/ComputeNode/x1000c0s0b0n0", "application/json"), ("POST", "/query", "application/json"),
        ]
        for (method, path, type) in cases {
            for coding in ["br", "deflate", "gzip, gzip", "gzip, identity", "gzip\r\nContent-Encoding: gzip"] {
                let answer = try send(server, method, path, Gzip.compressed(Self.node), coding: coding, type: type)
                #expect(
                    answer.status == 415 && answer.headers["accept-encoding"] == "gzip",
                    "\(coding): \(answer.text)"
                )
                #expect(answer.headers["accept-patch"] == nil)
            }
        }
    }

    @Test("that is no gzip, or not all of it, is a 400, and nothing is done")
    func broken() async throws {
        let server = try await ServerProcess(in: Workspace())
        let array = "[\((0..<5000).map { #"{"hostname":"n\#($0)","architecture":"a"}"# }.joined(separator: ","))]"
        let good = try Gzip.compressed(array)
        var wrongSum = good
        wrongSum[good.count - 5] ^= 1
        var wrongBits = good
        wrongBits[good.count / 2] ^= 0xFF
        for (body, part) in [
            (Array(Self.node.utf8), "incorrect header check"), ([], "its end is missing"),
            (Array(good.dropLast(9)), "its end is missing"), (Array(good.prefix(5)), "its end is missing"),
            (wrongSum, "incorrect data check"), (wrongBits, "is not gzip"),
            (good + [1, 2, 3], "incorrect header check"),
        ] {
            let answer = try send(server, "POST", "/ComputeNode", body)
            #expect(answer.status == 400 && answer.text.contains(part), "\(answer.text)")
        }
        #expect(try server.request("GET", "/ComputeNode").text == "[]")
        // Of a stream the lines before that are done.
        let lines = (0..<5000).map { #"{"hostname":"n\#($0)","architecture":"a"}"# }.joined(separator: "\n")
        let stream = try Gzip.compressed(lines)
        let answer = try send(server, "POST", "/ComputeNode", stream.dropLast(100), type: "application/x-ndjson")
        let told = answer.text.split(separator: "\n")
        #expect(answer.status == 200)
        #expect(told.dropLast().last?.contains(#""status":400,"detail":"The body is not gzip"#) == true)
        let created = try JSONValue(parsing: server.request("GET", "/ComputeNode?count=true").body)["count"]
        #expect(told.last.map(String.init) == #"{"created":\#(created?.text ?? ""),"failed":1}"#)
        #expect(told.dropLast(2).allSatisfy { $0.contains(#""status":201"#) } && told.count > 1000)
    }

    @Test("counts for what it comes to: a few bytes that stand for a gigabyte are a 413, and take little memory")
    func bombs() async throws {
        let server = try await ServerProcess(in: Workspace())
        let megabytes = try Gzip.compressed([UInt8](repeating: UInt8(ascii: "x"), count: 64 << 20))
        // Members follow one another, so this is a gigabyte.
        let bomb = [[UInt8]](repeating: megabytes, count: 16).flatMap(\.self)
        #expect(bomb.count < 2 << 20)
        let before = try server.memory()
        for _ in 0..<4 {
            for (method, path) in [
                ("POST", "/ComputeNode"), ("PUT", "/ComputeNode/n"), ("POST", "/query"), ("POST", "/transactions"),
            ] {
                #expect(try send(server, method, path, bomb).status == 413, "\(method) \(path)")
            }
        }
        let line = try send(server, "POST", "/ComputeNode", bomb, type: "application/x-ndjson")
        #expect(line.text.contains(#"{"line":1,"status":413,"#) && line.text.contains(#"{"created":0,"failed":1}"#))
        #expect(try server.memory() - before < 128 << 20)
        // What fits is taken, and what does not by a byte is not.
        let padding = { (size: Int) in
            try Gzip.compressed(Array(Self.node.utf8) + [UInt8](repeating: 0x20, count: size - Self.node.utf8.count))
        }
        #expect(try send(server, "POST", "/ComputeNode", padding(8 << 20)).status == 201)
        #expect(try send(server, "PUT", "/ComputeNode/x1000c0s0b0n0", padding(8 << 20)).status == 200)
        #expect(try send(server, "PUT", "/ComputeNode/x1000c0s0b0n0", padding(8 << 20 + 1)).status == 413)
    }

    @Test("counts for what comes, too: many bytes that stand for a few are a 413")
    func emptyMembers() async throws {
        let server = try await ServerProcess(in: Workspace())
        let empty = try Gzip.compressed("")
        let piece = [[UInt8]](repeating: empty, count: 50_000).flatMap(\.self)
        let document = try Gzip.compressed(Self.node)
        for (count, status) in [(4, 201), (1 + (64 << 20) / piece.count, 413)] {
            let connection = try HTTPConnection(port: server.port)
            try connection.send(
                "POST /ComputeNode HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.clientToken())\r\n"
                    + "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            for chunk in [[UInt8]](repeating: piece, count: count) + [document, []] {
                try connection.send(Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8))
            }
            let answer = try connection.answer()
            #expect(answer.status == status, "\(answer.text)")
        }
        #expect(try server.request("GET", "/ComputeNode?count=true").text == #"{"count":1}"#)
    }

    @Test("that breaks is read up to there: lines before that are done")
    func brokenBehindLines() async throws {
        let server = try await ServerProcess(in: Workspace())
        let lines = (0..<5).map { "{\"hostname\":\"n\($0)\",\"architecture\":\"a\"}\n" }.joined()
        let stream = try Gzip.compressed(lines) + Array("abc".utf8)
        let answer = try send(server, "POST", "/ComputeNode", stream, type: "application/x-ndjson")
        let told = answer.text.split(separator: "\n")
        #expect(told.count == 7 && told.prefix(5).allSatisfy { $0.contains(#""status":201"#) }, "\(answer.text)")
        #expect(told.dropFirst(5).first?.contains(#""line":6,"status":400,"#) == true)
        #expect(told.last == #"{"created":5,"failed":1}"#)
    }
}
