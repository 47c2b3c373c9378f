import Foundation
import Inventory
import RawHTTP
import Schema
import Testing

@Suite("HTTP", .timeLimit(.minutes(5)))
struct ResourceTests {
    private static let node =
        #"{"hostname":"h","architecture":"a","xname":"x1000c0s0b0n0","boot_mac":"02:00:00:00:00:01"}"#

    private func json(_ answer: HTTPConnection.Answer) throws -> JSONValue {
        try JSONValue(parsing: answer.body)
    }

    private func text(_ value: JSONValue, _ pointer: String) -> String? {
        guard let pointer = JSONPointer(pointer), case .string(let text)? = value[pointer] else { return nil }
        return text
    }

    @Test("creates, reads, replaces and deletes a resource, below /inventory too", arguments: ["", "/inventory"])
    func lifecycle(prefix: String) async throws {
        let server = try await ServerProcess(in: Workspace())
        let created = try server.write("POST", "\(prefix)/ComputeNode", Self.node)
        #expect(created.status == 201)
        #expect(created.headers["content-type"] == "application/json")
        let id = try #require(try text(json(created), "/id"))
        #expect(created.headers["location"] == "\(prefix)/ComputeNode/\(id)")
        for reference in [
            id, id.uppercased(), "x1000c0s0b0n0", "x01000c00s00b00n00", "02:00:00:00:00:01", "02-00-00-00-00-01",
        ] {
            let got = try server.request("GET", "\(prefix)/ComputeNode/\(reference)")
            #expect(got.status == 200, "\(reference)")
            #expect(got.body == created.body)
            #expect(got.headers["etag"] == created.headers["etag"])
            let head = try server.request("HEAD", "\(prefix)/ComputeNode/\(reference)")
            #expect(head.status == 200)
            #expect(head.headers["content-length"] == String(created.body.count))
        }
        for method in ["PUT", "POST"] {
            let replaced = try server.write(
                method,
                "\(prefix)/ComputeNode/\(id)",
                Self.node.replacing("\"h\"", with: "\"\(method)\"")
            )
            #expect(replaced.status == 200)
            #expect(text(try json(replaced), "/hostname") == method)
            #expect(replaced.headers["etag"] != created.headers["etag"])
        }
        #expect(try server.write("DELETE", "\(prefix)/ComputeNode/x1000c0s0b0n0").status == 204)
        #expect(try server.request("GET", "\(prefix)/ComputeNode/\(id)").status == 404)
        #expect(try server.write("DELETE", "\(prefix)/ComputeNode/\(id)").status == 404)
        #expect(try server.request("GET", "\(prefix)/bmc/x1000c0s0b0").status == 200)
    }

    @Test("takes an array whole or not at all, and names every element that is wrong")
    func array() async throws {
        let server = try await ServerProcess(in: Workspace())
        let good = #"{"hostname":"g","architecture":"a"}"#
        let refused = try server.write(
            "POST",
            "/ComputeNode",
            #"[\#(good),{"hostname":1},\#(good),{"architecture":"a","x":2}]"#
        )
        #expect(refused.status == 400)
        let body = try json(refused)
        let pointers = (0..<4).compactMap { text(body, "/errors/\($0)/pointer") }
        #expect(Set(pointers) == ["/1/hostname", "/1/architecture", "/3/hostname", "/3/x"])
        #expect(try server.request("GET", "/ComputeNode").text == "[]")
        let taken = try server.write("POST", "/ComputeNode", "[\(good),\(good)]")
        #expect(taken.status == 201)
        #expect(try server.request("GET", "/ComputeNode").body == taken.body)
        let conflict = try server.write("POST", "/ComputeNode", "[\(good),\(Self.node),\(Self.node)]")
        #expect(conflict.status == 409)
        #expect(text(try json(conflict), "/errors/0/pointer") == "/2")
        #expect(try server.write("POST", "/ComputeNode", "[]").text == "[]")
    }

    @Test("answers a document with three mistakes with 400 and three pointers")
    func threeMistakes() async throws {
        let server = try await ServerProcess(in: Workspace())
        let answer = try server.write(
            "POST",
            "/ComputeNode",
            #"{"hostname":"h","xname":"x1","boot_mac":"zz","architecture":"a","nope":{}}"#
        )
        #expect(answer.status == 400)
        #expect(answer.headers["content-type"] == "application/problem+json")
        let body = try json(answer)
        #expect(
            (0..<4).compactMap { text(body, "/errors/\($0)/pointer") }.sorted() == ["/boot_mac", "/nope", "/xname"]
        )
        #expect(body[JSONPointer(["status"])] == 400)
        #expect(text(body, "/title") == "Bad Request")
    }

    @Test("says what is wrong with a request, and changes nothing")
    func errors() async throws {
        let server = try await ServerProcess(in: Workspace())
        let token = try server.clientToken()
        #expect(try server.write("POST", "/ComputeNode", Self.node).status == 201)
        let before = try server.request("GET", "/ComputeNode").body
        let cases: [(method: String, path: String, type: String, body: String?, status: Int, detail: String)] = [
            ("POST", "/ComputeNode", "application/json", "{", 400, "not JSON"),
            ("POST", "/ComputeNode", "application/json", "", 400, "not JSON"),
            ("POST", "/ComputeNode", "application/json", #"{"hostname":"a","hostname":"b"}"#, 400, "hostname"),
            ("POST", "/ComputeNode", "application/json", "true", 400, "mistake"),
            ("POST", "/ComputeNode", "application/x-www-form-urlencoded", Self.node, 415, "application/json"),
            ("POST", "/ComputeNode", "application/json", Self.node, 409, "x1000c0s0b0n0"),
            ("PUT", "/ComputeNode/x1000c0s9b0n0", "application/json", Self.node, 404, "no such"),
            ("GET", "/ComputeNode/x1000c0s9b0n0", "", nil, 404, "x1000c0s9b0n0"),
            ("GET", "/ComputeNode/%ff", "", nil, 400, "percent"),
            ("GET", "/ComputeNode?nope=1", "", nil, 400, "nope"),
            ("GET", "/ComputeNode?xname=x1", "", nil, 400, "xname"),
            ("GET", "/Nothing", "", nil, 404, "nothing"),
            ("PUT", "/ComputeNode", "application/json", "{}", 405, "GET, HEAD, POST, PATCH, DELETE, OPTIONS"),
            ("DELETE", "/schemas", "", nil, 405, "GET, HEAD, OPTIONS"),
            ("GET", "/snapshots/none", "", nil, 404, "none"),
            ("DELETE", "/snapshots/..%2f..", "", nil, 404, "no snapshot"),
        ]
        for (method, path, type, body, status, detail) in cases {
            let headers = type.isEmpty ? [:] : ["Content-Type": type]
            let answer = try server.request(method, path, token: token, headers: headers, body: body)
            #expect(answer.status == status, "\(method) \(path) \(body ?? "")")
            #expect(answer.text.contains(detail), "\(method) \(path): \(answer.text)")
            #expect(answer.headers["content-type"] == "application/problem+json")
        }
        let allowed = try server.request("PUT", "/ComputeNode", token: token).headers["allow"]
        #expect(allowed == "GET, HEAD, POST, PATCH, DELETE, OPTIONS")
        #expect(try server.request("GET", "/ComputeNode").body == before)
    }

    @Test("refuses a body above 64 MiB before it is sent, and one that does not say how long it is")
    func tooLarge() async throws {
        let server = try await ServerProcess(in: Workspace())
        let token = try server.clientToken()
        let announced = try HTTPConnection(port: server.port)
        let size = 64 << 20 + 1
        try announced.send(
            Array(
                "POST /ComputeNode HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nContent-Length: \(size)\r\n\r\n"
                    .utf8
            )
        )
        #expect(try announced.answer().status == 413)
        let chunked = try HTTPConnection(port: server.port)
        try chunked.send(
            Array(
                "POST /ComputeNode HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nTransfer-Encoding: chunked\r\n\r\n"
                    .utf8
            )
        )
        let chunk = Array("100000\r\n".utf8) + [UInt8](repeating: 0x20, count: 1 << 20) + Array("\r\n".utf8)
        for _ in 0..<65 { try chunked.send(chunk) }
        #expect(try chunked.answer().status == 413)
        #expect(try server.request("GET", "/healthz").status == 200)
    }

    @Test("finds collections by names with spaces, and nodes by several parameters")
    func search() async throws {
        let server = try await ServerProcess(in: Workspace())
        #expect(try server.write("POST", "/ComputeNode", Self.node).status == 201)
        let collection = #"{"name":"Partition 1/ü","type":"partition","nodes":["x1000c0s0b0n0"]}"#
        #expect(try server.write("POST", "/NodeCollection", collection).status == 201)
        #expect(try server.request("GET", "/NodeCollection/Partition%201%2F%C3%BC").status == 200)
        #expect(try server.request("GET", "/NodeCollection?name=Partition+1%2f%c3%bc").text.hasPrefix("[{"))
        #expect(try server.request("GET", "/ComputeNode?arch=a&hostname=h").text.hasPrefix("[{"))
        #expect(try server.request("GET", "/ComputeNode?arch=b&hostname=h").text == "[]")
    }

    @Test("takes, lists and deletes snapshots")
    func snapshots() async throws {
        let server = try await ServerProcess(in: Workspace())
        #expect(try server.write("POST", "/ComputeNode", Self.node).status == 201)
        let taken = try server.write("POST", "/snapshots")
        #expect(taken.status == 201)
        let id = try #require(try text(json(taken), "/id"))
        #expect(taken.headers["location"] == "/snapshots/\(id)")
        #expect(try json(taken)[JSONPointer(["resources", "ComputeNode"])] == 1)
        #expect(try server.write("POST", "/snapshots").status == 200)
        #expect(try server.write("GET", "/snapshots").text == "[\(taken.text)]")
        #expect(try server.write("GET", "/snapshots/\(id)").body == taken.body)
        #expect(try server.write("DELETE", "/snapshots/\(id)").status == 204)
        #expect(try server.write("GET", "/snapshots").text == "[]")
    }

    @Test("gives the schemas, its health and its metrics")
    func others() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace)
        let schemas = workspace.folder.appending(path: "schemas").path
        #expect(try ServerProcess.run("schemas", "--dir", schemas).status == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: schemas).sorted()
        #expect(names == InventorySchemas.all.map { "\($0.name).json" }.sorted())
        #expect(names.contains("ComputeNode.json") && names.contains("NetworkInterface.json"))
        for name in names {
            let served = try server.request("GET", "/schemas/\(name)")
            #expect(try served.body == Array(Data(contentsOf: URL(filePath: "\(schemas)/\(name)"))))
        }
        #expect(
            try json(server.request("GET", "/schemas"))
                == .array(InventorySchemas.all.map { .string("/schemas/\($0.name).json") })
        )
        #expect(try server.request("GET", "/readyz").status == 200)
        let metrics = try server.request("GET", "/metrics").text
        #expect(metrics.contains(#"http_requests_total{method="GET",status="200"}"#))
        #expect(metrics.contains(#"inventory_resources{kind="ComputeNode"} 0"#))
        #expect(metrics.contains("http_request_duration_seconds_count"))
        #expect(!metrics.contains("snapshot_age_seconds"))
        let token = try server.clientToken()
        #expect(try server.request("POST", "/snapshots", token: token).status == 201)
        let lines = try server.request("GET", "/metrics").text.split(separator: "\n")
        let age = lines.first { $0.hasPrefix("snapshot_age_seconds ") }?.split(separator: " ").last.flatMap {
            Double($0)
        }
        #expect(age.map { (0..<300).contains($0) } == true)
        // Each series says what it is before its values come.
        for (index, line) in lines.enumerated() where line.hasPrefix("# TYPE ") {
            let name = line.split(separator: " ")[2]
            #expect(index > 0 && lines[index - 1].hasPrefix("# HELP \(name) "), "\(line)")
        }
    }

    @Test("never writes or answers a password in clear text")
    func passwords() async throws {
        let workspace = try Workspace()
        let server = try await ServerProcess(in: workspace, ["--log-level", "trace"])
        let marked = "correct-horse-battery-staple"
        let bmc = #""bmc":{"username":"u","password":"\#(marked)","mac_address":"02:00:00:00:00:0"#
        var answers = ""
        for body in [
            #"{"hostname":"h","architecture":"a","spec":{"bmc_password":"\#(marked)"},\#(bmc)1"}}"#,
            #"{"hostname":"h","architecture":"a","spec":{"bmc_password":["\#(marked)"]},\#(bmc)3"}}"#,
            #"{"hostname":"h","architecture":"a",\#(bmc)zz"}}"#,
        ] {
            answers += try server.write("POST", "/ComputeNode", body).text
        }
        answers += try server.write("GET", "/ComputeNode").text + server.write("GET", "/BMC").text
        answers += try server.write("POST", "/snapshots").text + server.write("GET", "/snapshots").text
        #expect(server.stop() == 0)
        #expect(answers.contains("02:00:00:00:00:01"))
        #expect(!answers.contains(marked))
        #expect(!server.log.contains(marked))
        let files = try workspace.everyFile
        #expect(files.contains { $0.path.hasSuffix("BMC.parquet") })
        for (path, bytes) in files {
            #expect(bytes.firstRange(of: Data(marked.utf8)) == nil, "\(path)")
        }
    }

    @Test("logs every request, as text or as JSON")
    func log() async throws {
        for format in ["text", "json"] {
            let server = try await ServerProcess(in: Workspace(), ["--log-format", format])
            _ = try server.request("GET", "/ComputeNode?arch=a")
            let line = try await server.line(containing: "/ComputeNode?arch=…")
            guard format == "json" else {
                for part in ["method=GET", "status=200", "bytes=2", "duration_ms=", "request.id="] {
                    #expect(line.contains(part))
                }
                continue
            }
            let json = try JSONValue(parsing: Array(line.utf8))
            #expect(text(json, "/path") == "/ComputeNode?arch=…")
            #expect(json[JSONPointer(["status"])] == 200)
            #expect(json[JSONPointer(["bytes"])] == 2)
            for key in ["time", "level", "message", "method"] {
                #expect(text(json, "/\(key)") != nil, "\(key)")
            }
            #expect(try server.write("POST", "/NodeCollection", #"{"name":"c","type":"job","nodes":[]}"#).status == 201)
            #expect(server.stop() == 0)
            let last = try #require(server.log.split(separator: "\n").last { $0.contains("\"stopped\"") })
            #expect(try JSONValue(parsing: Array(last.utf8))["sequence"] == 1)
            let snapshot = try #require(server.log.split(separator: "\n").first { $0.contains("took a snapshot") })
            #expect(try JSONValue(parsing: Array(snapshot.utf8))["sequence"] == 1)
        }
    }
}
