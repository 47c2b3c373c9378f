import Schema
import Testing

@Suite("Names")
struct NameTests {
    @Test(
        "that are none are refused, with where and why",
        arguments: [
            ("ComputeNode", #"{"hostname":"","architecture":"a"}"#, "/hostname", "is empty"),
            ("ComputeNode", #"{"hostname":"gpu node","architecture":"a"}"#, "/hostname", "a host name has letters"),
            ("ComputeNode", #"{"hostname":"h.","architecture":"a"}"#, "/hostname", "a dot at an end"),
            ("ComputeNode", #"{"hostname":"h","architecture":""}"#, "/architecture", "is empty"),
            ("ComputeNode", #"{"hostname":"h","architecture":"x86_64 "}"#, "/architecture", "ends with a space"),
            (
                "ComputeNode", #"{"hostname":"h","architecture":"a","spec":{"hostname":"a b"}}"#, "/spec/hostname",
                "letters"
            ),
            (
                "ComputeNode",
                #"{"hostname":"h","architecture":"a","network_interfaces":[{"interface_name":"e\u0007","mac_address":"525400beef01"}]}"#,
                "/network_interfaces/0/interface_name", "U+0007"
            ), ("NodeCollection", #"{"name":"","type":"job","nodes":[]}"#, "/name", "is empty"),
            ("NodeCollection", #"{"name":" n","type":"job","nodes":[]}"#, "/name", "begins or ends with a space"),
            ("NodeCollection", #"{"name":"a\nb","type":"job","nodes":[]}"#, "/name", "cannot be printed"),
        ]
    )
    func refused(kind: String, document: String, pointer: String, reason: String) async throws {
        let routes = try await RoutesUnderTest()
        let answer = try await routes.request("POST", "/\(kind)", document)
        let error = try JSONValue(parsing: answer.text)["errors"]?.array.first
        #expect(answer.status == 400 && error?["pointer"]?.string == pointer, "\(answer.text)")
        #expect(error?["message"]?.string?.contains(reason) == true, "\(answer.text)")
    }

    @Test(
        "that are names are taken as they are",
        arguments: ["nid000001", "a_b.c-d", "NID1", "1", "_", "login.cluster.example", "x1000c0s0b0n0"]
    )
    func taken(name: String) async throws {
        let routes = try await RoutesUnderTest()
        let answer = try await routes.request(
            "POST",
            "/ComputeNode",
            #"{"hostname":"\#(name)","architecture":"x86 64"}"#
        )
        #expect(answer.status == 201 && answer.text.contains(#""hostname":"\#(name)""#), "\(answer.text)")
    }

    @Test("of a collection's members count once each, where they come first")
    func members() async throws {
        let routes = try await RoutesUnderTest()
        let (first, second) = ("x1000c0s1b0n0", "x1000c0s0b0n0")
        let nodes = #"["\#(first)","\#(second)","x01000c0s1b00n0","\#(first)"]"#
        let document = #"{"nodes": \#(nodes),"type":"partition","name":"Partition 1"}"#
        for (method, path, body) in [
            ("POST", "/NodeCollection", document), ("PUT", "/NodeCollection/Partition%201", document),
            ("PATCH", "/NodeCollection/Partition%201", #"{"nodes":\#(nodes)}"#),
            ("PATCH", "/NodeCollection/Partition%201", #"{"nodes":\#(nodes),"description":null}"#),
        ] {
            let answer = try await routes.request(method, path, body)
            let found = try JSONValue(parsing: answer.text)["nodes"]?.array.map(\.string)
            #expect(found == [first, second], "\(method): \(answer.text)")
        }
    }
}
