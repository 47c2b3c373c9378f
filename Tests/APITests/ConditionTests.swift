import HTTPTypes
import Inventory
import Testing

@Suite("Conditions of a write")
struct ConditionTests {
    private static let node = #"{"hostname":"n","architecture":"a","xname":"x1000c0s0b0n0"}"#
    private static let id = "01a2b3c4-0000-7000-8000-00000000000a"

    private static func headers(_ conditions: [String: String], type: String = "application/json") -> [String: String] {
        conditions.merging(["content-type": type]) { $1 }
    }

    @Test(
        "are refused where nothing holds to them, with what there is instead, and nothing is done",
        arguments: [
            ("POST", "/ComputeNode", "application/json", #"{"hostname":"m","architecture":"a"}"#, "If-None-Match: *"),
            ("POST", "/ComputeNode", "application/json", #"[{"hostname":"m","architecture":"a"}]"#, "If-None-Match: *"),
            ("POST", "/inventory/bmc", "application/x-ndjson", #"{"xname":"x1c0s0b0"}"#, "PUT /inventory/bmc/"),
            ("PATCH", "/ComputeNode?hostname=n&expect=1", "application/json", #"{"hostname":"m"}"#, "expect=N"),
            ("DELETE", "/ComputeNode?hostname=n&expect=1", "application/json", nil, "POST /transactions"),
            (
                "POST", "/transactions", "application/json",
                #"{"changes":[{"op":"delete","kind":"ComputeNode","ref":"x1000c0s0b0n0"}]}"#,
                "Give each change a version"
            ), ("POST", "/restore?at=0", "application/json", nil, "send it without"),
            ("POST", "/snapshots", "application/json", nil, "send it without"),
            ("DELETE", "/snapshots/none", "application/json", nil, "send it without"),
            ("POST", "/snapshots/none/restore", "application/json", nil, "send it without"),
        ] as [(String, String, String, String?, String)]
    )
    func refused(method: String, path: String, type: String, body: String?, detail: String) async throws {
        let routes = try await RoutesUnderTest()
        #expect(try await routes.request("POST", "/ComputeNode", Self.node).status == 201)
        for (name, tag) in [
            ("if-match", "\"1\""), ("if-match", "*"), ("if-none-match", "*"), ("if-none-match", "\"9\""),
        ] {
            let answer = try await routes.request(method, path, headers: Self.headers([name: tag], type: type), body)
            #expect(answer.status == 400 && answer.text.contains(detail), "\(answer.text)")
            #expect(answer.text.lowercased().contains("\(name) cannot be used here, and nothing was done"))
        }
        let node = try await routes.request("GET", "/ComputeNode/x1000c0s0b0n0")
        #expect(node.text.contains(#""hostname":"n""#) && node.headers[.eTag] == "\"1\"")
        #expect(routes.count(.init(clientName: "ComputeNode")!) == 1)
    }

    @Test(
        "are held to where there is one resource",
        arguments: [
            (["if-match": "\"1\""], 200), (["if-match": "\"2\""], 412), (["if-match": "\"2\", \"1\""], 200),
            (["if-match": "*"], 200), (["if-none-match": "*"], 412), (["if-none-match": "\"1\""], 412),
            (["if-none-match": "W/\"1\""], 412), (["if-none-match": "\"2\""], 200),
            (["if-match": "\"a,b\" ,, \"1\""], 200),
            (["if-match": "\"01\""], 412), (["if-match": "W/\"2\", \"1\""], 200),
            (["if-match": "\"1\"", "if-none-match": "\"1\""], 412), (["if-match": "*", "if-none-match": "*"], 412),
            (["if-match": "1"], 400), (["if-match": ""], 400), (["if-match": "\"1\" \"2\""], 400),
            (["if-match": "\"1"], 400),
            (["if-none-match": "w/\"1\""], 400),
        ]
    )
    func held(conditions: [String: String], status: Int) async throws {
        for (method, body) in [("PUT", Self.node), ("POST", Self.node), ("PATCH", "{}"), ("DELETE", nil)] {
            let routes = try await RoutesUnderTest()
            #expect(try await routes.request("POST", "/ComputeNode", Self.node).status == 201)
            let path = "/ComputeNode/x1000c0s0b0n0"
            let answer = try await routes.request(method, path, headers: Self.headers(conditions), body)
            let expected = status == 200 && method == "DELETE" ? 204 : status
            #expect(answer.status == expected, "\(method): \(answer.text)")
            let isThere = try await routes.request("GET", path).status == 200
            #expect(isThere == (expected != 204))
        }
    }

    @Test("say why a weak tag among others does not match", arguments: ["PUT", "PATCH", "DELETE", "GET"])
    func weakAmongOthers(method: String) async throws {
        let routes = try await RoutesUnderTest()
        #expect(try await routes.request("POST", "/ComputeNode", Self.node).status == 201)
        let body = ["PUT": Self.node, "PATCH": "{}"][method]
        for (tags, isTold) in [(#"W/"1", "999""#, true), (#""998", "999""#, false)] {
            let answer = try await routes.request(
                method,
                "/ComputeNode/x1000c0s0b0n0",
                headers: Self.headers(["if-match": tags]),
                body
            )
            #expect(answer.status == 412 && answer.text.contains("version is 1."), "\(answer.text)")
            #expect(answer.text.contains("weak tags match nothing there (RFC 9110, section 13.1.1)") == isTold)
        }
    }

    @Test("that are weak tags say why they cannot match", arguments: ["PUT", "PATCH", "DELETE", "GET"])
    func weak(method: String) async throws {
        let routes = try await RoutesUnderTest()
        #expect(try await routes.request("POST", "/ComputeNode", Self.node).status == 201)
        let body = ["PUT": Self.node, "PATCH": "{}"][method]
        let answer = try await routes.request(
            method,
            "/ComputeNode/x1000c0s0b0n0",
            headers: Self.headers(["if-match": "W/\"1\""]),
            body
        )
        #expect(answer.status == 412)
        #expect(
            answer.text.contains("weak tags match nothing there (RFC 9110, section 13.1.1). Send the ETag without W/")
        )
    }

    @Test(
        "If-None-Match: * creates one that is not there, at the place where it is looked for",
        arguments: ["PUT", "POST"]
    )
    func creation(method: String) async throws {
        let routes = try await RoutesUnderTest()
        let absent = Self.headers(["if-none-match": "*"])
        for path in ["/ComputeNode/x1000c0s0b0n0", "/ComputeNode/x01000c0s00b0n0", "/inventory/ComputeNode/\(Self.id)"]
        {
            #expect(try await routes.request(method, path, Self.node).status == 404)
            let created = try await routes.request(method, path, headers: absent, Self.node)
            #expect(created.status == 201, "\(created.text)")
            let location = try #require(created.headers[.location])
            #expect(path.contains("/inventory") ? location == path : location.hasPrefix("/ComputeNode/"))
            #expect(try await routes.request("GET", path).text == created.text)
            #expect(try await routes.request("GET", location).headers[.eTag] == created.headers[.eTag])
            let again = try await routes.request(method, path, headers: absent, Self.node)
            #expect(again.status == 412 && again.text.contains("already exists"), "\(again.text)")
            #expect(try await routes.request("DELETE", path).status == 204)
        }
    }

    @Test("If-None-Match: * creates nothing that would not be found there, or that breaks a rule")
    func noCreation() async throws {
        let routes = try await RoutesUnderTest()
        #expect(try await routes.request("POST", "/ComputeNode", Self.node).status == 201)
        let other = #"{"hostname":"m","architecture":"a","xname":"x1000c0s1b0n0","id":"\#(Self.id)"}"#
        let bare = #"{"hostname":"m","architecture":"a"}"#
        for (path, body, status, detail) in [
            ("/ComputeNode/x1000c0s2b0n0", other, 400, "would not be found at this path"),
            ("/ComputeNode/x1000c0s2b0n0", bare, 400, "would not be found at this path"),
            ("/ComputeNode/01a2b3c4-0000-7000-8000-00000000000b", other, 400, "another id"),
            ("/ComputeNode/\(Self.id)", Self.node, 409, "already belongs to the ComputeNode x1000c0s0b0n0"),
            ("/ComputeNode/\(Self.id)", #"{"hostname":1}"#, 400, "mistakes"),
            ("/NodeCollection/blue", #"{"name":"green","type":"job","nodes":[]}"#, 400, "one of its id, name."),
        ] {
            let answer = try await routes.request("PUT", path, headers: Self.headers(["if-none-match": "*"]), body)
            #expect(answer.status == status && answer.text.contains(detail), "\(answer.text)")
        }
        let both = Self.headers(["if-none-match": "*", "if-match": "*"])
        #expect(try await routes.request("PUT", "/ComputeNode/x1000c0s1b0n0", headers: both, other).status == 404)
        #expect(
            try await routes.request(
                "PUT",
                "/ComputeNode/x1000c0s1b0n0",
                headers: Self.headers(["if-match": "*"]),
                other
            ).status == 404
        )
    }
}
