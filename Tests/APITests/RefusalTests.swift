import Foundation
import HTTPTypes
import Schema
import TestSupport
import Testing

@Suite("Requests that cannot be done")
struct RefusalTests {
    private static let node = #"{"hostname":"n","architecture":"a","xname":"x1000c0s0b0n0"}"#
    private static let other = #"{"hostname":"o","architecture":"a","xname":"x1000c0s0b0n0"}"#

    @Test(
        "are answered with a status and a message that says what is wrong",
        arguments: [
            ("GET", "/nowhere", nil, 404, "There is nothing at this path; /schemas lists what there is."),
            ("GET", "/Rack", nil, 404, "nothing at this path"),
            ("GET", "/ComputeNode/x1000c0s9b0n0", nil, 404, "There is no ComputeNode x1000c0s9b0n0."),
            ("GET", "/ComputeNode/%FF", nil, 400, "not percent-encoded UTF-8"),
            ("GET", "/ComputeNode?colour=red", nil, 400, "has no parameter colour"),
            ("GET", "/BMC?password=hunter2", nil, 400, "has no parameter password, which is secret; it has paths"),
            ("GET", "/ComputeNode?bmc.password!=null", nil, 400, "no parameter bmc.password!, which is secret"),
            ("GET", "/ComputeNode?spec.bmc_password[ge]=h", nil, 400, "no parameter spec.bmc_password[ge], which is"),
            ("GET", "/ComputeNode?sort=-bmc.password", nil, 400, "which is secret"),
            ("GET", "/ComputeNode?fields=spec.bmc_password", nil, 400, "which is secret"),
            ("DELETE", "/BMC?password=hunter2&expect=1", nil, 400, "which is secret"),
            ("GET", "/ComputeNode?boot_mac=02", nil, 400, "The value of boot_mac"),
            ("GET", "/ComputeNode?limit=0", nil, 400, "is not a number of 1 or more"),
            ("GET", "/ComputeNode?limit=1&limit=2", nil, 400, "The parameter limit comes twice."),
            ("GET", "/ComputeNode?at=yesterday", nil, 400, "The value of at"),
            ("GET", "/diff?to=1", nil, 400, "from"), ("GET", "/diff?from=1&since=2", nil, 400, "no parameter since"),
            ("GET", "/events?kind=Rack", nil, 400, "must name kinds among ComputeNode, BMC"),
            ("GET", "/events?after=99", nil, 410, "follow from the Inventory-Sequence"),
            ("POST", "/ComputeNode", "{", 400, "The body is not JSON"),
            ("POST", "/ComputeNode", #"{"hostname":1}"#, 400, "The ComputeNode has 2 mistakes."),
            ("POST", "/ComputeNode", node, 409, "already belongs to the ComputeNode x1000c0s0b0n0"),
            ("PUT", "/ComputeNode/x1000c0s9b0n0", node, 404, "There is no such ComputeNode."),
            ("PATCH", "/ComputeNode/x1000c0s0b0n0", "[]", 400, "A merge patch of a ComputeNode is an object"),
            ("PATCH", "/ComputeNode/x1000c0s0b0n0", #"{"id":"x"}"#, 400, "cannot be changed so"),
            ("DELETE", "/BMC/x1000c0s0b0", nil, 409, "change or delete those first"),
            ("DELETE", "/ComputeNode", nil, 400, "Refusing to DELETE every ComputeNode; add a condition."),
            ("DELETE", "/ComputeNode?xname=x1000c0s0b0n0", nil, 400, "To DELETE by a search, give expect=N"),
            ("DELETE", "/ComputeNode?fields=id", nil, 400, "The parameter fields cannot be used with DELETE."),
            ("POST", "/transactions", #"{"changes":[{"op":"move"}]}"#, 400, "malformed at /changes/0"),
            ("POST", "/transactions", #"{"changes":[{"op":"delete","kind":"Rack","ref":"r"}]}"#, 400, "must be one of"),
            ("POST", "/restore?at=x", nil, 400, "The value of at"), ("DELETE", "/snapshots/none", nil, 404, "none"),
        ] as [(String, String, String?, Int, String)]
    )
    func refusals(method: String, path: String, body: String?, status: Int, message: String) async throws {
        let routes = try await RoutesUnderTest()
        #expect(try await routes.request("POST", "/ComputeNode", Self.node).status == 201)
        let answer = try await routes.request(method, path, body)
        #expect(answer.status == status && answer.text.contains(message), "\(answer.text)")
        #expect(answer.headers[.contentType] == "application/problem+json" && !answer.text.contains("hunter2"))
    }

    @Test(
        "have a parameter that their path does not have, and nothing is done",
        arguments: [
            ("DELETE", "/ComputeNode/x1000c0s0b0n0?dry_run=true", nil, "there are none here"),
            ("PATCH", "/ComputeNode/x1000c0s0b0n0?dry_run=true", #"{"hostname":"o"}"#, "there are none here"),
            ("PUT", "/ComputeNode/x1000c0s0b0n0?existing=skip", other, "There is no parameter existing"),
            ("POST", "/inventory/ComputeNode/x1000c0s0b0n0?existing=skip", other, "There is no parameter existing"),
            ("POST", "/ComputeNode?dry_run=true", other, "the parameters are existing"),
            ("GET", "/ComputeNode/x1000c0s0b0n0?fields=id", nil, "the parameters are at"),
            ("HEAD", "/ComputeNode/x1000c0s0b0n0?fields=id", nil, "the parameters are at"),
            ("GET", "/ComputeNode/x1000c0s0b0n0/history?at=1", nil, "the parameters are limit, before"),
            ("POST", "/transactions?existing=skip", #"{"changes":[]}"#, "the parameters are dry_run"),
            ("GET", "/diff?from=1&since=2", nil, "the parameters are from, to"),
            ("POST", "/restore?at=1&dryrun=true", nil, "the parameters are at, dry_run"),
            ("GET", "/events?since=1", nil, "the parameters are after, kind"),
            ("GET", "/snapshots?foo=1", nil, "There is no parameter foo; there are none here."),
            ("POST", "/snapshots?dry_run=true", nil, "there are none here"),
            ("GET", "/snapshots/none?foo=1", nil, "there are none here"),
            ("DELETE", "/snapshots/none?dry_run=true", nil, "there are none here"),
            ("POST", "/snapshots/none/restore?at=1", nil, "the parameters are dry_run"),
            ("GET", "/schemas?foo", nil, "there are none here"), ("GET", "/schemas/BMC.json?foo", nil, "none here"),
            ("GET", "/metrics?foo=1", nil, "there are none here"),
        ] as [(String, String, String?, String)]
    )
    func unknownParameters(method: String, path: String, body: String?, message: String) async throws {
        let routes = try await RoutesUnderTest()
        let created = try await routes.request("POST", "/ComputeNode", Self.node)
        let answer = try await routes.request(method, path, body)
        #expect(answer.status == 400 && answer.text.contains(message), "\(answer.text)")
        #expect(try await routes.request("GET", "/ComputeNode/x1000c0s0b0n0").text == created.text)
        #expect(routes.count(.computeNode) == 1)
        #expect(try await routes.request("GET", "/snapshots").text == "[]")
    }

    @Test("are not those of who looks after servers, with parameters of their own", arguments: ["/healthz", "/readyz"])
    func healthParameters(path: String) async throws {
        let routes = try await RoutesUnderTest()
        #expect(try await routes.request("GET", "\(path)?t=1764220000&t=2&%").status == 200)
    }

    @Test(
        "of which several are in one say how many there are over the whole, and which elements have them",
        arguments: [
            (
                "/ComputeNode", #"[{"hostname":1},{"hostname":"b","architecture":"a"},{"hostname":"a"}]"#, 400,
                "3 mistakes, in elements 0 and 2. The first: The ComputeNode has 2 mistakes."
            ),
            (
                "/ComputeNode", #"[{"hostname":"b","architecture":"a"},{"hostname":1}]"#, 400,
                "Element 1: The ComputeNode has 2 mistakes."
            ),
            (
                "/ComputeNode", #"[{"hostname":"h","architecture":"a"},\#(node)]"#, 409,
                "Element 1: The xname x1000c0s0b0n0 already belongs to"
            ),
            (
                "/ComputeNode",
                "[\(node),\(node.replacing("s0b0", with: "s1b0")),\(node.replacing("s0b0", with: "s1b0"))]", 409,
                "2 mistakes, in elements 0 and 2. The first: The xname x1000c0s0b0n0 already belongs to"
            ),
            (
                "/ComputeNode", "[\(Array(repeating: "{}", count: 13).joined(separator: ","))]", 400,
                "26 mistakes, in elements 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more. The first: The ComputeNode has 2"
            ),
            (
                "/ComputeNode", "[\(Array(repeating: "{}", count: 1001).joined(separator: ","))]", 400,
                "At least 2000 mistakes, in elements 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 990 more. The first: "
            ),
            (
                "/transactions",
                #"{"changes":[{"op":"put","kind":"ComputeNode","document":{}},{"op":"delete","kind":"BMC","ref":"none"}]}"#,
                400,
                "3 mistakes, in changes 0 and 1. The first: The ComputeNode has 2 mistakes."
            ),
            (
                "/transactions", #"{"changes":[{"op":"delete","kind":"BMC","ref":"none"}]}"#, 404,
                "Change 0: There is no such BMC."
            ),
            (
                "/ComputeNode",
                #"{"hostname":"h","architecture":"a","xname":"x1000c0s0b0n0","boot_mac":"02:00:00:00:00:01"}"#, 409,
                "The xname x1000c0s0b0n0 already belongs to the ComputeNode x1000c0s0b0n0"
            ),
        ] as [(String, String, Int, String)]
    )
    func several(path: String, body: String, status: Int, message: String) async throws {
        let routes = try await RoutesUnderTest()
        #expect(try await routes.request("POST", "/ComputeNode", Self.node).status == 201)
        let answer = try await routes.request("POST", path, body)
        let detail = try JSONValue(parsing: answer.text)["detail"]?.string ?? ""
        #expect(answer.status == status && detail.hasPrefix(message), "\(answer.text)")
    }

    @Test("of one document are all told where there are few")
    func few() async throws {
        let routes = try await RoutesUnderTest()
        let node = Self.node.replacing("}", with: #","boot_mac":"02:00:00:00:00:01"}"#)
        #expect(try await routes.request("POST", "/ComputeNode", node).status == 201)
        let answer = try await routes.request("POST", "/ComputeNode", node)
        let detail = try JSONValue(parsing: answer.text)["detail"]?.string ?? ""
        #expect(
            answer.status == 409 && detail.contains("The xname x1000c0s0b0n0")
                && detail.contains("The mac 02:00:00:00:00:01")
        )
    }

    @Test("say which methods a path has, and which media types")
    func methodsAndTypes() async throws {
        let routes = try await RoutesUnderTest()
        let put = try await routes.request("PUT", "/ComputeNode", "{}")
        #expect(put.status == 405 && put.headers[.allow] == "GET, HEAD, POST, PATCH, DELETE, OPTIONS")
        for method in ["PROPFIND", "SEARCH"] {
            let answer = try await routes.request(method, "/ComputeNode")
            #expect(answer.status == 501 && answer.text.contains("No path supports the method \(method)."))
        }
        let text = try await routes.request("POST", "/ComputeNode", headers: ["content-type": "text/plain"], "{}")
        #expect(text.status == 415 && text.text.contains("must be application/json"))
        let patch = try await routes.request("PATCH", "/BMC/a", headers: ["content-type": "text/plain"], "{}")
        #expect(patch.status == 415 && patch.headers[HTTPField.Name("Accept-Patch")!]?.contains("merge-patch") == true)
        let tag = ["content-type": "application/json", "if-match": "7"]
        #expect(try await routes.request("DELETE", "/BMC/a", headers: tag).status == 400)
    }

    @Test("need not be tried: OPTIONS answers which methods a path has, and TRACE and CONNECT are none of them")
    func options() async throws {
        let routes = try await RoutesUnderTest()
        for (path, allowed) in [
            ("/ComputeNode", "GET, HEAD, POST, PATCH, DELETE, OPTIONS"),
            ("/inventory/bmc/x1000c0s0b0", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
            ("/BMC/x1000c0s0b0/history", "GET, HEAD, OPTIONS"), ("/transactions", "POST, OPTIONS"),
            ("/snapshots", "GET, HEAD, POST, OPTIONS"), ("/snapshots/none", "GET, HEAD, DELETE, OPTIONS"),
            ("/snapshots/none/restore", "POST, OPTIONS"), ("/restore", "POST, OPTIONS"),
            ("/diff", "GET, HEAD, OPTIONS"), ("/events", "GET, HEAD, OPTIONS"), ("/schemas", "GET, HEAD, OPTIONS"),
            ("/healthz", "GET, HEAD, OPTIONS"), ("/metrics", "GET, HEAD, OPTIONS"),
            ("*", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ] {
            let answer = try await routes.request("OPTIONS", path, headers: [:])
            #expect(answer.status == 204 && answer.headers[.allow] == allowed && answer.text == "", "\(path)")
            for method in ["TRACE", "CONNECT"] where path != "*" {
                let refused = try await routes.request(method, path)
                #expect(refused.status == 405 && refused.headers[.allow] == allowed, "\(path)")
            }
        }
        #expect(try await routes.request("OPTIONS", "/nowhere").status == 404)
    }

    @Test("are told by versions, too: what has changed since is a 412")
    func versions() async throws {
        let routes = try await RoutesUnderTest()
        let created = try await routes.request("POST", "/ComputeNode", Self.node)
        #expect(created.headers[.eTag] == "\"1\"")
        let path = "/ComputeNode/x1000c0s0b0n0"
        for (tag, status) in [("\"2\"", 412), ("\"1\"", 200), ("\"1\"", 412)] {
            let headers = ["content-type": "application/json", "if-match": tag]
            let answer = try await routes.request("PATCH", path, headers: headers, #"{"description":"\#(status)"}"#)
            #expect(answer.status == status, "\(answer.text)")
        }
    }
}
