import Foundation
import RawHTTP
import TestSupport
import Testing

@Suite("Mutated requests", .timeLimit(.minutes(5)))
struct MutationTests {
    private static let bodies = [
        """
        {"hostname":"h","architecture":"a","xname":"x1000c0s0b0n0","boot_mac":"02:00:00:00:00:01",
         "network_interfaces":[{"interface_name":"e","mac_address":"02:00:00:00:00:02","extended_data":{"a":[1.5e3]}}],
         "bmc":{"username":"u","password":"p","mac_address":"02:00:00:00:00:03","ipv4_address":"10.0.0.1"},
         "spec":{"bmc_password":"s"},"status":{"power_state":{"on":true,"last_updated":"2026-11-23T18:20:00Z"}}}
        """,
        #"{"xname":"x1000c0s0b0","username":"u","password":"p","mac_address":"02:00:00:00:00:03","ipv6_address":"fd00::1"}"#,
        #"{"name":"c","type":"partition","nodes":["x1000c0s0b0n0"],"cloud_init_data":{"a":"b"}}"#,
        #"{"ID":"x1000c0s0b0n0","Type":"Node","State":"Ready","NID":1,"Enabled":true}"#,
        #"[{"hostname":"h","architecture":"a"},{"hostname":"i","architecture":"b"}]"#,
    ]
    private static let paths = [
        "/ComputeNode", "/inventory/BMC", "/NodeCollection", "/Component", "/ComputeNode", "/ComputeNode/x1000c0s0b0n0",
        "/bmc/x1000c0s0b0", "/NodeCollection/c?name=a", "/ComputeNode?xname=x1000c0s0b0n0&missingIPV4=true",
        "/snapshots", "/snapshots/2026-11-23T18-20-00.123Z", "/schemas/BMC.json", "/metrics",
    ]
    private static let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"]

    private static let signs = Array(#"{[""\u0000,:null-1e9%"#.utf8)

    /// The request as bytes, changed in a few places.
    private func mutated(_ text: String, _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 0..<4, using: &generator) where !bytes.isEmpty {
            let position = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[position] = .random(in: 0...255, using: &generator)
            case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes.remove(at: position)
            case 3: bytes.insert(contentsOf: Self.signs.shuffled(using: &generator).prefix(3), at: position)
            case 4: bytes.removeSubrange(position..<min(bytes.count, position + 20))
            default: bytes.insert(contentsOf: bytes[position..<min(bytes.count, position + 30)], at: position)
            }
        }
        return bytes
    }

    @Test("neither end the process nor give a 500", arguments: [SeededGenerator().seed, 1])
    func survive(seed: UInt64) async throws {
        print("Mutated requests: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"])
        let token = try server.clientToken()
        var answered: [Int: Int] = [:]
        for _ in 0..<1500 {
            let method = Self.methods.randomElement(using: &generator) ?? ""
            let path = Self.paths.randomElement(using: &generator) ?? ""
            let text = Self.bodies.randomElement(using: &generator) ?? ""
            let isFramed = Bool.random(using: &generator)
            let body = isFramed ? mutated(text, &generator) : Array(text.utf8)
            let head = """
                \(method) \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r
                Content-Type: application/json\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n
                """
            let connection = try HTTPConnection(port: server.port)
            do {
                try connection.send(isFramed ? Array(head.utf8) + body : mutated(head + text, &generator))
                connection.endSending()
                let status = try connection.answer(hasBody: method != "HEAD").status
                #expect(
                    status < 500 || [501, 503, 505].contains(status),
                    "seed \(seed): \(method) \(path) \(String(decoding: body, as: UTF8.self))"
                )
                answered[status, default: 0] += 1
            } catch is HTTPConnection.BrokenConnection {
                // Not HTTP any more: the server may hang up.
                answered[0, default: 0] += 1
            }
        }
        #expect(try server.request("GET", "/healthz").status == 200)
        for status in [200, 400, 404, 405] {
            #expect((answered[status] ?? 0) > 0, "no \(status) among \(answered)")
        }
        #expect(server.stop() == 0)
    }

    @Test("of any depth or size of value are answered")
    func extremes() async throws {
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"])
        let open = String(repeating: "[", count: 100_000)
        let nested = String(repeating: #"{"a":"#, count: 120) + "1" + String(repeating: "}", count: 120)
        let cases: [(body: String, status: Int)] = [
            (open, 400), (#"{"hostname":\#(open)"#, 400),
            (#"{"hostname":"h","architecture":"a","status":{"extended_data":\#(nested)}}"#, 201),
            (#"{"hostname":"h","architecture":"\#(String(repeating: "h", count: 3 << 20))"}"#, 201),
            (#"{"hostname":"h","architecture":"\#(String(repeating: "h", count: 5 << 20))"}"#, 413),
            (#"{"ID":"x1","Type":"Node","NID":1e999999999}"#, 400),
            (#"{"ID":"x1","Type":"Node","NID":1.0}"#, 201), ("\u{feff}{}", 400), ("\0", 400),
        ]
        for (body, status) in cases {
            let kind = body.contains("NID") ? "/Component" : "/ComputeNode"
            let answer = try server.write("POST", kind, body)
            #expect(answer.status == status, "\(body.prefix(60)): \(answer.text.prefix(200))")
        }
        #expect(try server.request("GET", "/ComputeNode?hostname=h").status == 200)
        #expect(try server.write("POST", "/snapshots").status == 201)
        let path = "/ComputeNode/" + String(repeating: "a", count: 60_000)
        #expect(try server.request("GET", path).status == 404)
    }
}
