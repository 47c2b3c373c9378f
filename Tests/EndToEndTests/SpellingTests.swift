import RawHTTP
import Schema
import Testing

@Suite("One thing, however it is spelled", .timeLimit(.minutes(5)))
struct SpellingTests {
    private static let addresses = [
        "52:54:00:be:ef:01", "525400beef01", "5254.00be.ef01", "5254.00BE.EF01", "52-54-00-BE-EF-01", "5254-00be-ef01",
        "525400-beef01", "52:54:0:be:ef:1",
    ]

    /// What a search has found, by host name or name.
    private func found(_ server: ServerProcess, _ target: String) throws -> [String] {
        let answer = try server.request("GET", target)
        guard answer.status == 200 else { return [answer.text] }
        return try JSONValue(parsing: answer.body).array.compactMap {
            ($0["hostname"] ?? $0["name"] ?? $0["ID"])?.string
        }
    }

    @Test("is a MAC address or an xname in paths, documents, searches, transactions and conflicts")
    func addressesAndPlaces() async throws {
        let server = try await Command.start(Workspace())
        let node = #""hostname":"a","architecture":"x86_64""#
        let created = try Command.write(
            server,
            "POST",
            "/ComputeNode",
            #"{\#(node),"xname":"x001c00s0b0n0","boot_mac":"5254.00BE.EF01","network_interfaces":[{"interface_name":"e","#
                + #""mac_address":"525400beef01"}]}"#
        )
        #expect(created["boot_mac"]?.string == "52:54:00:be:ef:01" && created["xname"]?.string == "x001c0s0b0n0")
        for reference in Self.addresses + ["x1c0s0b0n0", "X001C0S0B0N0", "x00001c00s00b00n00"] {
            #expect(try server.request("GET", "/ComputeNode/\(reference)").status == 200, "\(reference)")
            let change = #"{"op":"patch","kind":"ComputeNode","ref":"\#(reference)","patch":{"description":"d"}}"#
            let answer = try server.write("POST", "/transactions?dry_run=true", #"{"changes":[\#(change)]}"#)
            #expect(answer.status == 200, "\(answer.text)")
        }
        #expect(try server.request("GET", "/ComputeNode/%20525400beef01").status == 404)
        for (index, address) in Self.addresses.enumerated() {
            let body = #"{\#(node),"boot_mac":"\#(address)"}"#
            #expect(try server.write("POST", "/ComputeNode", body).status == 409, "\(address)")
            #expect(try found(server, "/ComputeNode?boot_mac=\(address)") == ["a"], "\(address)")
            #expect(try found(server, "/ComputeNode?mac=\(address),\(Self.addresses[0])&hostname=a") == ["a"])
            #expect(try found(server, "/ComputeNode?boot_mac!=\(address)") == [])
            #expect(
                try found(server, "/ComputeNode?boot_mac[ge]=\(address)&boot_mac[le]=\(Self.addresses[index])") == ["a"]
            )
        }
        for pattern in ["52-54-00-*", "5254.00*", "525400*", "*beef*", "*ef01", "52:54:0:*", "525400be????", "*-BE-*"] {
            #expect(try found(server, "/ComputeNode?boot_mac=\(pattern)") == ["a"], "\(pattern)")
        }
        for place in ["x1c0s0b0n0", "X1c00s0b0n0", "x[1-3]c0s0b0n0", "X1c0*", "*s00b0n0", "x1c0s0b0n0,x2c0s0b0n0"] {
            #expect(try found(server, "/ComputeNode?xname=\(place)") == ["a"], "\(place)")
        }
        #expect(try found(server, "/ComputeNode?bmc.xname=x1c0s0b0") == ["a"])
        #expect(try server.request("GET", "/BMC/X1c0s0b0").status == 200)
        // Documents keep the pattern.
        #expect(try server.write("POST", "/ComputeNode", #"{\#(node),"xname":"x1c0s1b0n0"}"#).status == 400)
        try Command.write(server, "POST", "/NodeCollection", #"{"name":"n","type":"job","nodes":["x001c0s0b00n0"]}"#)
        #expect(try found(server, "/NodeCollection?node=x1c0s0b0n0") == ["n"])
        // What SMD calls x1 is x001.
        try Command.write(server, "POST", "/Component", #"{"ID":"x1","Type":"Cabinet"}"#)
        #expect(try server.write("POST", "/Component", #"{"ID":"x001","Type":"Cabinet"}"#).status == 409)
        #expect(try found(server, "/Component?ID=x01&Type=cabinet") == ["x001"])
    }

    @Test("is a word of an enumeration in a search, in any case")
    func words() async throws {
        let server = try await Command.start(Workspace())
        try Command.write(server, "POST", "/Component", #"{"ID":"x1000","Type":"Cabinet","State":"Ready"}"#)
        try Command.write(server, "POST", "/NodeCollection", #"{"name":"t","type":"tenant","nodes":[]}"#)
        for search in ["Type=cabinet", "Type=CABINET,node", "State=ready", "Type=cab*", "Type!=NODE", "State!=*off"] {
            #expect(try found(server, "/Component?\(search)") == ["x1000"], "\(search)")
        }
        for search in ["type=Tenant", "type=TEN*", "type!=Job"] {
            #expect(try found(server, "/NodeCollection?\(search)") == ["t"], "\(search)")
        }
        #expect(try found(server, "/Component?Type!=cabinet") == [])
        #expect(try server.request("GET", "/Component?Type=cabinets").status == 400)
    }

    @Test("is a text in another form of Unicode, as a key and in searches; documents have it as it was sent")
    func forms() async throws {
        let server = try await Command.start(Workspace())
        let (composed, decomposed) = ("caf%C3%A9", "cafe%CC%81")
        let node = #"{"hostname":"a","architecture":"x86_64","xname":"x1000c0s0b0n0","description":"cafe\u0301"}"#
        try Command.write(server, "POST", "/ComputeNode", node)
        func body(_ name: String) -> String { #"{"name":"\#(name)","type":"job","nodes":["x1000c0s0b0n0"]}"# }
        let created = try Command.write(server, "POST", "/NodeCollection", body(#"cafe\u0301"#))
        #expect(Array(try #require(created["name"]?.string).unicodeScalars).count == 5)
        #expect(try server.write("POST", "/NodeCollection", body(#"caf\u00e9"#)).status == 409)
        for name in [composed, decomposed] {
            #expect(try server.request("GET", "/NodeCollection/\(name)").status == 200)
            for search in [
                "name=\(name)", "name=\(name),x", "name=\(name)&type=job", "name[ge]=\(name)", "name=*\(name)",
            ] {
                #expect(try found(server, "/NodeCollection?\(search)").count == 1, "\(search)")
            }
            #expect(try found(server, "/NodeCollection?name!=\(name)") == [])
            #expect(try found(server, "/ComputeNode?collection=\(name)") == ["a"])
            #expect(try found(server, "/ComputeNode?description=\(name)&hostname=a") == ["a"])
        }
        #expect(try found(server, "/NodeCollection?name=caf?").count == 1)
        #expect(try found(server, "/NodeCollection?name=cafe*") == [])
    }

    @Test("is JSON behind a byte order mark")
    func marks() async throws {
        let server = try await Command.start(Workspace())
        func component(_ cabinet: Int) -> String { #"{"ID":"x\#(cabinet)","Type":"Cabinet"}"# }
        let mark = "\u{FEFF}"
        let requests: [(method: String, path: String, body: String, status: Int)] = [
            ("POST", "/Component", component(1000), 201), ("POST", "/Component", "[\(component(1001))]", 201),
            ("PUT", "/Component/x1000", component(1000), 200), ("PATCH", "/Component/x1000", #"{"Subtype":"s"}"#, 200),
            ("PATCH", "/Component?ID=x1000&expect=1", #"{"Subtype":"t"}"#, 200),
            ("POST", "/transactions", #"{"changes":[]}"#, 200), ("POST", "/query", #"{"sql":"SELECT 1"}"#, 200),
            ("POST", "/restore?at=2", #"{"reason":"r"}"#, 200),
        ]
        for (method, path, body, status) in requests {
            let answer = try server.write(method, path, mark + body)
            #expect(answer.status == status, "\(method) \(path): \(answer.text)")
        }
        let lines = try server.request(
            "POST",
            "/Component",
            token: server.clientToken(),
            headers: ["Content-Type": "application/x-ndjson"],
            body: "\(mark)\(component(1002))\n\(component(1003))\n"
        )
        #expect(lines.text.contains(#"{"created":2,"failed":0}"#), "\(lines.text)")
        let configuration = try Workspace()
        for (name, text) in [("c.json", #"{"snapshot-keep":0}"#), ("c.yaml", "snapshot-keep: 0\n")] {
            let result = try ServerProcess.run("serve", "--config", configuration.file(name, mark + text))
            #expect(result.output.contains("--snapshot-keep is at least 1"), "\(result.output)")
        }
    }
}
