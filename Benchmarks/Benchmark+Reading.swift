import DuckDB
import Foundation
import RawHTTP

extension Benchmark {
    /// What nodes are found by.
    struct References {
        var ids: [String] = []
        var xnames: [String] = []
        var macs: [String] = []
        var hostnames: [String] = []
    }

    static func references(_ server: Server, count: Int) throws -> References {
        let path = "/ComputeNode?fields=id,hostname,xname,boot_mac&limit=\(count)"
        let client = try HTTPConnection(port: server.port)
        try client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        let text = String(decoding: try client.everything(), as: UTF8.self)
        var references = References()
        // Without those that the end of a chunk is in.
        for match in text.matches(
            of: /"id":"([^"\r]+)","hostname":"([^"\r]+)","xname":"([^"\r]+)","boot_mac":"([^"\r]+)"/
        ) {
            references.ids.append(String(match.1))
            references.hostnames.append(String(match.2))
            references.xnames.append(String(match.3))
            references.macs.append(String(match.4))
        }
        guard references.ids.count > count / 2 else {
            throw BenchmarkError("there are too few nodes: \(text.prefix(500))")
        }
        return references
    }

    /// Paths of lookups in any order, and as many of the constant route, as long as these, so that the client, the parser
    /// and the router have as much to do.
    static func paths(_ references: [String]) -> (constant: [String], lookups: [String]) {
        (references.map { "/constant/000\($0)" }, references.shuffled().map { "/ComputeNode/\($0)" })
    }

    /// Measures lookups, and returns the constant route's time for a request of one client in seconds.
    mutating func lookups(_ server: Server, _ references: References) throws -> Double {
        let names = ["id", "xname", "MAC"]
        // Each behind its limit.
        let subjects = [references.ids, references.xnames, references.macs].map(Self.paths).flatMap {
            [$0.constant, $0.lookups]
        }
        let rates = try Wrk(port: server.port, subjects: subjects, seconds: 6 * Self.httpSeconds).rates
        let latencies = try (0..<Self.turns).map { _ in
            var p99: [Int: Double] = [:]
            for subject in subjects.indices.shuffled() {
                p99[subject] = try Wrk(port: server.port, paths: subjects[subject], seconds: 1).p99
            }
            return p99
        }
        let p99 = subjects.indices.map { subject in latencies.compactMap { $0[subject] }.median }
        for (name, limit) in zip(names, stride(from: 0, to: subjects.count, by: 2)) {
            table.add("GET by \(name), requests/s", rates[limit + 1], rates[limit], atLeast: 0.85)
            table.add("GET by \(name), p99 in µs", p99[limit + 1], p99[limit], atMost: 1.5)
        }
        let client = try HTTPConnection(port: server.port)
        let start = ContinuousClock.now
        for _ in 0..<1000 { _ = try client.request("GET", "/constant/x") }
        return (ContinuousClock.now - start).inSeconds / 1000
    }

    /// Measures what services do that poll a list which does not change, against the constant route.
    mutating func polls(_ server: Server) throws {
        let client = try HTTPConnection(port: server.port)
        guard let tag = try client.request("GET", "/ComputeNode?limit=1").headers["etag"] else {
            throw BenchmarkError("a list has no ETag")
        }
        let headers = ["If-None-Match": tag]
        try client.send("GET", "/ComputeNode", headers: headers)
        guard try client.answer().status == 304 else { throw BenchmarkError("an unchanged list is sent again") }
        let subjects = [["/constant/000"], ["/ComputeNode"]]
        let rates = try Wrk(port: server.port, subjects: subjects, headers: headers, seconds: 2 * Self.httpSeconds)
            .rates
        table.add("poll of an unchanged list, requests/s", rates[1], rates[0], atLeast: 0.8)
    }

    mutating func search(_ server: Server, constant: Double) throws {
        let token = try server.token()
        let client = try HTTPConnection(port: server.port)
        guard (200...201).contains(try client.request("POST", "/snapshots", token: token).status) else {
            throw BenchmarkError("no snapshot was taken")
        }
        let (_, database) = try Limits.load(try snapshot(server))
        for (parameter, condition, value) in [
            ("hostname", "hostname = $1", "nid000777"), ("boot_ipv4_address", "boot_ipv4_address = $1", "10.0.3.9"),
            ("location_string", "location_string = $1", "nowhere"),
            ("bmc.ipv4_address", "bmc.ipv4_address = $1", "10.128.3.9"),
        ] {
            let limit = try Limits.query("SELECT * FROM ComputeNode WHERE \(condition)", [.text(value)], on: database)
            let figure =
                try (0..<20).map { _ in
                    let start = ContinuousClock.now
                    let answer = try client.request("GET", "/ComputeNode?\(parameter)=\(value)")
                    guard answer.status == 200 else {
                        throw BenchmarkError("a search failed: \(String(decoding: answer.body, as: UTF8.self))")
                    }
                    return ContinuousClock.now - start
                }.min() ?? .zero
            add("search by \(parameter)", figure, limit + .seconds(constant), atMost: 1.5)
        }
    }

    /// Measures searches for one value of an indexed field beside lookups; ``search(_:constant:)`` has had the index made.
    mutating func indexedSearches(_ server: Server, _ references: References) throws {
        let subjects = [
            references.xnames.shuffled().map { "/ComputeNode/\($0)" },
            references.hostnames.shuffled().map { "/ComputeNode?hostname=\($0)" },
        ]
        let rates = try Wrk(port: server.port, subjects: subjects, seconds: 2 * Self.httpSeconds).rates
        table.add("search by host name, requests/s, of a lookup's", rates[1], rates[0], atLeast: 0.6)
    }

    mutating func everything(_ server: Server) throws {
        try server.forgetPeak()
        let before = try server.memory()
        var (best, limit) = (0.0, 0.0)
        for _ in 0..<Self.turns {
            let client = try HTTPConnection(port: server.port)
            let start = ContinuousClock.now
            try client.send("GET /ComputeNode HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            let bytes = try client.drain(until: [0])
            best = max(best, Double(bytes) / (ContinuousClock.now - start).inSeconds / 1e6)
            limit = max(limit, Double(bytes) / (try Limits.send(bytes: bytes, in: folder)).inSeconds / 1e6)
        }
        table.add("all nodes in one GET, best of \(Self.turns), MB/s", best, limit, atLeast: 0.5)
        table.add("memory for it", try server.memory().peak - before.now, 64 << 20, atMost: 1)
    }

    mutating func undisturbed(_ server: Server, _ references: References) throws {
        let paths = references.ids.shuffled().map { "/ComputeNode/\($0)" }
        let alone = try Wrk(port: server.port, paths: paths, seconds: Self.httpSeconds)
        let token = try server.token()
        let port = server.port
        let isOver = Flag()
        let group = DispatchGroup()
        Self.inBackground(group) {
            let client = try HTTPConnection(port: port)
            while !isOver.isSet { _ = try client.request("POST", "/snapshots", token: token) }
        }
        Self.inBackground(group) {
            let client = try HTTPConnection(port: port)
            var next = ContinuousClock.now
            var index = 0
            while !isOver.isSet {
                let body = #"{"description":"\#(index)"}"#
                let path = "/ComputeNode/\(references.ids[index % references.ids.count])"
                guard try client.request("PATCH", path, token: token, body).status == 200 else {
                    throw BenchmarkError("a paced write failed")
                }
                index += 1
                next += .milliseconds(2)
                Thread.sleep(forTimeInterval: max(0, (next - .now).inSeconds))
            }
        }
        let busy = try Wrk(port: server.port, paths: paths, seconds: 2 * Self.httpSeconds)
        isOver.set()
        group.wait()
        table.add(
            "GET under snapshots and 500 writes/s",
            busy.requestsPerSecond,
            alone.requestsPerSecond,
            atLeast: 0.6
        )
        table.add("p99 of that in µs", busy.p99, alone.p99, atMost: 3)
    }
}
