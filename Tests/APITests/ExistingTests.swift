import Inventory
import Schema
import Testing

@Suite("Documents of one array for the same resource")
struct ExistingTests {
    private static func node(_ description: String? = nil) -> String {
        let member = description.map { #","description":"\#($0)""# } ?? ""
        return #"{"hostname":"n","architecture":"a","xname":"x1000c0s0b0n0"\#(member)}"#
    }

    private static func outcomes(_ routes: RoutesUnderTest, _ existing: String, _ documents: [String]) async throws
        -> [String?]
    {
        let body = "[\(documents.joined(separator: ","))]"
        let answer = try await routes.request("POST", "/ComputeNode?existing=\(existing)", body)
        return try JSONValue(parsing: answer.text).array.map { $0["outcome"]?.string }
    }

    @Test(
        "say each what became of it",
        arguments: [
            ("skip", [nil, nil, nil], ["created", "same", "same"]),
            ("skip", [nil, "d"], ["created", "same"]),
            ("replace", [nil, nil, "d", "d", nil], ["created", "same", "changed", "same", "changed"]),
            ("patch", [nil, nil, "d", nil, "e"], ["created", "same", "changed", "same", "changed"]),
        ] as [(String, [String?], [String])]
    )
    func created(existing: String, descriptions: [String?], outcomes: [String]) async throws {
        let routes = try await RoutesUnderTest()
        #expect(try await Self.outcomes(routes, existing, descriptions.map { Self.node($0) }) == outcomes)
        #expect(routes.count(.init(clientName: "ComputeNode")!) == 1)
    }

    @Test(
        "say each what became of it where it was there before",
        arguments: [
            ("skip", ["d", nil], ["same", "same"]),
            ("replace", [nil, "d"], ["same", "changed"]), ("replace", ["d", nil], ["changed", "changed"]),
            ("replace", ["d", "d", "e"], ["changed", "same", "changed"]), ("patch", ["d", nil], ["changed", "same"]),
        ] as [(String, [String?], [String])]
    )
    func present(existing: String, descriptions: [String?], outcomes: [String]) async throws {
        let routes = try await RoutesUnderTest()
        #expect(try await routes.request("POST", "/ComputeNode", Self.node()).status == 201)
        #expect(try await Self.outcomes(routes, existing, descriptions.map { Self.node($0) }) == outcomes)
    }

    @Test("say that a password was changed, which no document shows")
    func passwords() async throws {
        let routes = try await RoutesUnderTest()
        let bmc = { (password: String) in
            #"{"xname":"x1000c0s0b0","mac_address":"02:00:00:00:00:01","username":"u","password":"\#(password)"}"#
        }
        let body = "[\([bmc("a"), bmc("a"), bmc("b"), bmc("b")].joined(separator: ","))]"
        let answer = try await routes.request("POST", "/BMC?existing=replace", body)
        let outcomes = try JSONValue(parsing: answer.text).array.map { $0["outcome"]?.string }
        #expect(outcomes == ["created", "same", "changed", "same"], "\(answer.text)")
    }
}
