import DuckDB
import Foundation
import Synchronization

/// Measures the program against what the machine and bare DuckDB can do, in the same run.
///
/// `Benchmarks [NODES]`, where NODES is 250,000 unless told otherwise; `Benchmarks micro` counts instructions instead.
@main
struct Benchmark {
    static let httpSeconds = 5

    static func main() throws {
        if CommandLine.arguments.dropFirst().first == "micro" {
            do {
                return try Micro.run(Array(CommandLine.arguments.dropFirst(2)))
            } catch {
                print("stopped: \(error)")
                exit(1)
            }
        }
        let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 250_000
        let folder = FileManager.default.temporaryDirectory.appending(path: "benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // The system clears its temporary folder.
        var benchmark = Benchmark(folder: folder, count: count)
        do {
            try benchmark.run()
        } catch {
            print("stopped early: \(error)")
            exit(1)
        }
        print(
            "\n\(count) nodes, \(ProcessInfo.processInfo.activeProcessorCount) processors\n\(benchmark.table.text)"
        )
    }

    let folder: URL
    let count: Int
    private(set) var table = Table()

    init(folder: URL, count: Int) {
        self.folder = folder
        self.count = count
    }

    private var nodes: URL { folder.appending(path: "nodes.ndjson") }

    private mutating func run() throws {
        try Self.generate(count, to: nodes)
        let server = Server(data: folder.appending(path: "data"))
        try server.start(["--constant-route", "700"])
        try load(server)
        let references = try Self.references(server, count: min(count, 50_000))
        let constant = try lookups(server, references)
        try search(server, constant: constant)
        try everything(server)
        try undisturbed(server, references)
        try writes(server, references)
        server.stop(SIGKILL)
        try restarts(server, references)
        try growth()
    }

    /// Makes nodes, the same for every run.
    static func generate(_ count: Int, to nodes: URL) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "scripts/generate-nodes", "\(count)", "--seed", "7"]
        try Data().write(to: nodes)
        process.standardOutput = try FileHandle(forWritingTo: nodes)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchmarkError("no nodes were generated") }
    }

    // MARK: Loading

    private mutating func load(_ server: Server) throws {
        let limit = try Limits.readJSON(nodes)
        let size = try FileManager.default.attributesOfItem(atPath: nodes.path)[.size] as? Int ?? 0
        let duration = try Self.stream(nodes, count, to: server)
        add("load, NDJSON", duration, limit, atMost: 8)
        // A search waits for all that is still to be merged.
        _ = try HTTPClient(port: server.port).request("GET", "/ComputeNode?hostname=nowhere")
        let memory = try server.memory()
        table.add(
            "memory above the end of the load",
            memory.peak - memory.now,
            64 << 20,
            atMost: 1
        )
        try Self.waitUntilIdle(server)
        table.add("memory after the load, idle", try server.memory().now, size, atMost: 5)
    }

    /// Loads nodes, and returns how long that took.
    static func stream(_ nodes: URL, _ count: Int, to server: Server) throws -> Duration {
        let size = try FileManager.default.attributesOfItem(atPath: nodes.path)[.size] as? Int ?? 0
        let client = try HTTPClient(port: server.port)
        let start = ContinuousClock.now
        try client.send(
            """
            POST /ComputeNode HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(server.token())\r\n\
            Content-Type: application/x-ndjson\r\nContent-Length: \(size)\r\n\r\n
            """
        )
        let isSent = DispatchSemaphore(value: 0)
        // The client is read from on one thread and written to on another.
        nonisolated(unsafe) let sender = client
        Thread.detachNewThread {
            do {
                let data = try Data(contentsOf: nodes, options: .alwaysMapped)
                try data.withUnsafeBytes { try sender.send($0) }
            } catch {
                print("the nodes were not sent: \(error)")
            }
            isSent.signal()
        }
        _ = try client.drain(until: Array(#"{"created":\#(count),"failed":0}"#.utf8) + Array("\n\r\n0\r\n\r\n".utf8))
        isSent.wait()
        return ContinuousClock.now - start
    }

    /// Waits until the memory that the server needed only to load is given back.
    private static func waitUntilIdle(_ server: Server) throws {
        var before = Int.max
        while try server.memory().now < before {
            before = try server.memory().now
            Thread.sleep(forTimeInterval: 3)
        }
    }

    // MARK: Reading

    /// What nodes are found by.
    struct References {
        var ids: [String] = []
        var xnames: [String] = []
        var macs: [String] = []
    }

    static func references(_ server: Server, count: Int) throws -> References {
        let path = "/ComputeNode?fields=id,xname,boot_mac&limit=\(count)"
        let client = try HTTPClient(port: server.port)
        try client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        let text = String(decoding: try client.everything(), as: UTF8.self)
        var references = References()
        for match in text.matches(of: /"id":"([^"]+)","xname":"([^"]+)","boot_mac":"([^"]+)"/) {
            references.ids.append(String(match.1))
            references.xnames.append(String(match.2))
            references.macs.append(String(match.3))
        }
        guard references.ids.count > count / 2 else {
            throw BenchmarkError("there are too few nodes: \(text.prefix(500))")
        }
        return references
    }

    /// Measures lookups, and returns the constant route's time for a request of one client in seconds.
    private mutating func lookups(_ server: Server, _ references: References) throws -> Double {
        _ = try Wrk(port: server.port, paths: ["/constant"], seconds: 1)
        for (name, values) in [("id", references.ids), ("xname", references.xnames), ("MAC", references.macs)] {
            // What a noisy machine does to one side it does to the other, as far as they take turns.
            let before = try Wrk(port: server.port, paths: ["/constant"], seconds: Self.httpSeconds)
            let found = try Wrk(
                port: server.port,
                paths: values.shuffled().map { "/ComputeNode/\($0)" },
                seconds: Self.httpSeconds
            )
            let after = try Wrk(port: server.port, paths: ["/constant"], seconds: Self.httpSeconds)
            let limit = (before.requestsPerSecond + after.requestsPerSecond) / 2
            table.add("GET by \(name), requests/s", found.requestsPerSecond, limit, atLeast: 0.85)
            table.add("GET by \(name), p99 in µs", found.p99, (before.p99 + after.p99) / 2, atMost: 1.5)
        }
        let client = try HTTPClient(port: server.port)
        let start = ContinuousClock.now
        for _ in 0..<1000 { _ = try client.request("GET", "/constant") }
        return (ContinuousClock.now - start).inSeconds / 1000
    }

    private mutating func search(_ server: Server, constant: Double) throws {
        let token = try server.token()
        let client = try HTTPClient(port: server.port)
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

    private mutating func everything(_ server: Server) throws {
        try server.forgetPeak()
        let before = try server.memory()
        let client = try HTTPClient(port: server.port)
        let start = ContinuousClock.now
        try client.send("GET /ComputeNode HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        let bytes = try client.drain(until: [0])
        let duration = ContinuousClock.now - start
        let limit = try Limits.send(bytes: bytes)
        table.add(
            "all nodes in one GET, MB/s",
            Double(bytes) / duration.inSeconds / 1e6,
            Double(bytes) / limit.inSeconds / 1e6,
            atLeast: 0.5
        )
        table.add("memory for it", try server.memory().peak - before.now, 64 << 20, atMost: 1)
    }

    // MARK: Writing

    private mutating func undisturbed(_ server: Server, _ references: References) throws {
        let paths = references.ids.shuffled().map { "/ComputeNode/\($0)" }
        let alone = try Wrk(port: server.port, paths: paths, seconds: Self.httpSeconds)
        let token = try server.token()
        let port = server.port
        let isOver = Flag()
        let group = DispatchGroup()
        Self.inBackground(group) {
            let client = try HTTPClient(port: port)
            while !isOver.isSet { _ = try client.request("POST", "/snapshots", token: token) }
        }
        Self.inBackground(group) {
            let client = try HTTPClient(port: port)
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

    private mutating func writes(_ server: Server, _ references: References) throws {
        let sync = try Limits.sync(in: folder)
        let connections = 64
        let posts = try Self.posts(server, connections)
        let patches = try Self.patches(server, connections, references)
        let unsynced = Server(data: folder.appending(path: "unsynced"))
        try unsynced.start(["--fsync", "never"])
        let limit = try Self.posts(unsynced, connections)
        unsynced.stop()
        let bySync = Double(connections) / sync.inSeconds
        table.add("POST, requests/s", posts, min(limit, bySync), atLeast: 0.7)
        table.add("PATCH, requests/s", patches, posts, atLeast: 0.9)
    }

    private static func posts(_ server: Server, _ connections: Int) throws -> Double {
        try Writers.run(
            port: server.port,
            token: server.token(),
            connections: connections,
            seconds: Double(httpSeconds)
        ) { connection, index in
            let mac = String(1 << 40 | connection << 24 | index, radix: 16)
            let padded = String(repeating: "0", count: 12 - mac.count) + mac
            let pairs = stride(from: 0, to: 12, by: 2).map { padded.dropFirst($0).prefix(2) }.joined(separator: ":")
            let body = """
                {"hostname":"new\(connection)-\(index)","architecture":"x86_64","boot_mac":"\(pairs)",\
                "network_interfaces":[{"interface_name":"eth0","mac_address":"\(pairs)","ipv4_address":"10.9.8.7",\
                "description":"node management"}],"location_string":"row 1, rack 2, slot 3"}
                """
            return ("POST", "/ComputeNode", body)
        }
    }

    private static func patches(_ server: Server, _ connections: Int, _ references: References) throws -> Double {
        let ids = references.ids
        return try Writers.run(
            port: server.port,
            token: server.token(),
            connections: connections,
            seconds: Double(httpSeconds)
        ) { connection, index in
            let id = ids[(index * connections + connection) % ids.count]
            return ("PATCH", "/ComputeNode/\(id)", #"{"description":"\#(index)"}"#)
        }
    }

    // MARK: Snapshots and restarts

    /// The newest snapshot of a server.
    private func snapshot(_ server: Server) throws -> URL {
        let folder = server.data.appending(path: "snapshots")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            $0.hasPrefix("snapshot=")
        }
        guard let newest = names.max() else { throw BenchmarkError("there is no snapshot") }
        return folder.appending(path: newest)
    }

    private mutating func restarts(_ server: Server, _ references: References) throws {
        let path = "/ComputeNode/\(references.ids[references.ids.count / 2])"
        // From the journal alone, as it was written by the load and the writes.
        let old = Server(data: folder.appending(path: "journal-only"))
        try FileManager.default.copyItem(at: server.data, to: old.data)
        try FileManager.default.removeItem(at: old.data.appending(path: "snapshots"))
        let journal = old.data.appending(path: "journal")
        let files = try FileManager.default.contentsOfDirectory(atPath: journal.path).filter { $0.hasSuffix(".ndjson") }
            .map { journal.appending(path: $0) }
        let checksum = try Limits.checksum(files)
        let replayed = try old.start(until: path)
        old.stop(SIGKILL)
        add("start from the journal alone", replayed, checksum, atMost: 10)

        // A snapshot of everything is taken, so that nothing but it is read after.
        try server.start()
        let taken = try Self.snapshot(of: server)
        server.stop()
        let (loaded, database) = try Limits.load(try snapshot(server))
        let copied = try Limits.copy(database, to: folder)
        add("snapshot", taken, copied, atMost: 1.3)
        let restored = try server.start(until: path)
        server.stop()
        add("start from a snapshot", restored, loaded, atMost: 8)
        table.add("start from a snapshot, in s", restored.inSeconds, 1.5, atMost: 1)
    }

    /// Takes a snapshot, and returns how long that took.
    static func snapshot(of server: Server) throws -> Duration {
        // Nothing of a start or of a load is still going on then.
        try waitUntilIdle(server)
        let client = try HTTPClient(port: server.port)
        let start = ContinuousClock.now
        guard (200...201).contains(try client.request("POST", "/snapshots", token: server.token()).status) else {
            throw BenchmarkError("no snapshot was taken")
        }
        return ContinuousClock.now - start
    }

    // MARK: Growth

    private mutating func growth() throws {
        var smallest: Growth.Figures?
        for size in Growth.sizes {
            let figures = try Growth(folder: folder).figures(size)
            guard let first = smallest else {
                smallest = figures
                continue
            }
            table.add("GET by id against constant, \(size)", figures.lookups, first.lookups, atLeast: 0.8)
            table.add("load of \(size), µs a node", figures.load * 1e6, first.load * 1e6, atMost: 1.3)
            table.add("snapshot of \(size), µs a node", figures.snapshot * 1e6, first.snapshot * 1e6, atMost: 1.3)
            table.add("start of \(size), µs a node", figures.start * 1e6, first.start * 1e6, atMost: 1.3)
        }
    }

    // MARK: Helpers

    private mutating func add(_ what: String, _ figure: Duration, _ limit: Duration, atMost target: Double) {
        let ratio = figure / limit
        table.add(what, figure.text, limit.text, ratio, "≤ \(target)", isMet: ratio <= target)
    }

    private static func inBackground(_ group: DispatchGroup, _ body: @escaping @Sendable () throws -> Void) {
        group.enter()
        Thread.detachNewThread {
            do {
                try body()
            } catch {
                print("work in the background failed: \(error)")
            }
            group.leave()
        }
    }
}

/// Tells threads that something is over.
private final class Flag: Sendable {
    private let state = Atomic(false)

    var isSet: Bool { state.load(ordering: .relaxed) }

    func set() {
        state.store(true, ordering: .relaxed)
    }
}

extension Table {
    /// Adds two numbers, bytes or rates, of which the figure must be large enough.
    fileprivate mutating func add(_ what: String, _ figure: Double, _ limit: Double, atLeast target: Double) {
        let ratio = figure / limit
        add(what, figure.shortText, limit.shortText, ratio, "≥ \(target)", isMet: ratio >= target)
    }

    fileprivate mutating func add(_ what: String, _ figure: Double, _ limit: Double, atMost target: Double) {
        let ratio = figure / limit
        add(what, figure.shortText, limit.shortText, ratio, "≤ \(target)", isMet: ratio <= target)
    }

    fileprivate mutating func add(_ what: String, _ figure: Int, _ limit: Int, atMost target: Double) {
        let ratio = Double(figure) / Double(limit)
        add(what, "\(figure >> 20) MiB", "\(limit >> 20) MiB", ratio, "≤ \(target)", isMet: ratio <= target)
    }
}

extension Double {
    fileprivate var shortText: String { self >= 1000 ? String(format: "%.0f", self) : String(format: "%.3g", self) }
}

extension Duration {
    fileprivate var text: String {
        inSeconds >= 1 ? "\(inSeconds.shortText) s" : "\((inSeconds * 1000).shortText) ms"
    }
}
