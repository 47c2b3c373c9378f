import Foundation
import LocalPostgres
import RawHTTP
import Synchronization

/// Servers that share a log in a PostgreSQL of their own, which syncs each commit.
extension Benchmark {
    mutating func replicas() throws {
        guard LocalPostgres.isInstalled else {
            print("replicas are not measured: PostgreSQL is not installed")
            return
        }
        let postgres = try LocalPostgres(syncs: true)
        let log = ["--log", try postgres.database()]
        let alone = Server(data: folder.appending(path: "alone"))
        let leader = Server(data: folder.appending(path: "leader"))
        let follower = Server(data: folder.appending(path: "follower"))
        try alone.start()
        try leader.start(sharing: log)
        try sharedWrites(leader, alone)
        // A server that joins has the keys of the first.
        try FileManager.default.createDirectory(at: follower.data, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: leader.data.appending(path: "keys"),
            to: follower.data.appending(path: "keys")
        )
        try follower.start(sharing: log)
        try lag(leader, follower)
        try reads(leader, follower, alone)
        try joining(leader, follower, log)
        try takeOver(leader, follower)
        follower.stop()
        try postgres.stop()
    }

    /// What GETs cost a follower while the leader writes, against a server that writes as much itself.
    private mutating func reads(_ leader: Server, _ follower: Server, _ alone: Server) throws {
        var (following, single) = ([Double](), [Double]())
        for turn in 0..<3 {
            following.append(try Self.reads(at: follower, writingAt: leader, turn))
            single.append(try Self.reads(at: alone, writingAt: alone, turn))
        }
        alone.stop()
        table.add(
            "GETs a processor-second at a follower, of a single server's",
            following.median,
            single.median,
            atLeast: 0.85
        )
    }

    /// GETs by id that a server answers in a second of a processor's time, while another one, or the same, takes 1,000 writes a
    /// second.
    private static func reads(at server: Server, writingAt writer: Server, _ turn: Int) throws -> Double {
        let paths = try paths(of: server)
        let group = DispatchGroup()
        let (port, token) = (writer.port, try writer.token())
        // For longer than it is read.
        inBackground(group) { try writeSteadily(port, token, seconds: Double(httpSeconds) + 1, "read\(turn)") }
        let before = try server.processorTime()
        let rate = try Wrk(port: server.port, paths: paths, seconds: httpSeconds).requestsPerSecond
        let used = Double(try server.processorTime() - before) / 100
        group.wait()
        return rate * Double(httpSeconds) / used
    }

    /// Makes 1,000 nodes a second.
    ///
    /// - Returns: How many it were a second.
    @discardableResult
    private static func writeSteadily(
        _ port: Int,
        _ token: String,
        seconds: Double,
        _ name: String,
        answered: @escaping @Sendable (HTTPConnection.Answer) -> Void = { _ in }
    ) throws -> Double {
        try Writers.run(
            port: port,
            token: token,
            connections: 4,
            seconds: seconds,
            every: .milliseconds(4),
            answered: answered
        ) { connection, index in
            ("POST", "/ComputeNode", #"{"hostname":"\#(name)-\#(connection)-\#(index)","architecture":"x86_64"}"#)
        }
    }

    /// Paths of some nodes, in any order.
    private static func paths(of server: Server) throws -> [String] {
        let client = try HTTPConnection(port: server.port)
        try client.send(
            "GET /ComputeNode?fields=id&limit=1000 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        let text = String(decoding: try client.everything(), as: UTF8.self)
        // Without those that the end of a chunk is in.
        return text.matches(of: /"id":"([0-9a-f-]{36})"/).map { "/ComputeNode/\($0.1)" }.shuffled()
    }

    /// How long a new server takes until it answers with all nodes, which came through a follower.
    private mutating func joining(_ leader: Server, _ follower: Server, _ log: [String]) throws {
        if !FileManager.default.fileExists(atPath: nodes.path) { try Self.generate(count, to: nodes) }
        let loaded = try Self.stream(nodes, count, to: follower)
        print("\(count) nodes through a follower in \(loaded.text)")
        _ = try Self.snapshot(of: leader)
        guard let path = try Self.paths(of: leader).first else { throw BenchmarkError("there are no nodes") }
        let new = Server(data: folder.appending(path: "new"))
        try FileManager.default.createDirectory(at: new.data, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: leader.data.appending(path: "keys"), to: new.data.appending(path: "keys"))
        let joined = try new.start(sharing: log, until: path)
        new.stop()
        let started =
            try (0..<3).map { _ in
                defer { new.stop() }
                return try new.start(sharing: log, until: path)
            }.min() ?? .zero
        add("a new replica of \(count) nodes, of a local start", joined, started, atMost: 3)
    }

    private mutating func sharedWrites(_ leader: Server, _ alone: Server) throws {
        var (shared, limits) = ([Double](), [Double]())
        for turn in 0..<Self.turns {
            shared.append(try Self.posts(leader, 64, turn))
            limits.append(try Self.posts(alone, 64, turn))
        }
        table.add("POST through PostgreSQL, requests/s, of --fsync always", shared.median, limits.median, atLeast: 0.5)
    }

    /// How long after its answer a write is at a follower, while 1,000 come in a second.
    private mutating func lag(_ leader: Server, _ follower: Server) throws {
        typealias Sighting = (sequence: Int, time: ContinuousClock.Instant)
        let last = Atomic(Int.max)
        let sightings = Mutex<[Sighting]>([])
        let port = follower.port
        let group = DispatchGroup()
        Self.inBackground(group) {
            let client = try HTTPConnection(port: port)
            var sequence = 0
            while sequence < last.load(ordering: .relaxed) {
                // The follower answers when it has a later one: asking again and again would be a load of its own.
                try client.send("GET", "/ComputeNode/nobody", headers: ["Inventory-Min-Sequence": "\(sequence + 1)"])
                guard let next = try client.answer().headers["inventory-sequence"].flatMap({ Int($0) }), next > sequence
                else { throw BenchmarkError("the follower does not go on from \(sequence)") }
                sequence = next
                sightings.withLock { $0.append((sequence, .now)) }
            }
        }
        let answers = Mutex<[Sighting]>([])
        let token = try leader.token()
        let rate = try Self.writeSteadily(leader.port, token, seconds: 5, "lag") { answer in
            answers.withLock { $0.append((answer.version ?? .max, .now)) }
        }
        last.store(answers.withLock { $0.map(\.sequence).max() ?? 0 }, ordering: .relaxed)
        // One more, for whoever waits for it.
        _ = try HTTPConnection(port: leader.port)
            .request("POST", "/ComputeNode", token: token, #"{"hostname":"last","architecture":"x86_64"}"#)
        group.wait()
        let seen = sightings.withLock(\.self)
        let lags = try answers.withLock(\.self).map { sequence, time in
            guard let sighting = seen.first(where: { $0.sequence >= sequence }) else {
                throw BenchmarkError("the follower does not have \(sequence)")
            }
            return max(0, (sighting.time - time).inSeconds * 1000)
        }
        .sorted()
        table.add(
            "p99 of a follower's lag at \(Int(rate)) writes/s, in ms",
            lags[lags.count * 99 / 100],
            20,
            atMost: 1
        )
    }

    /// From the leader's end to the next write that is accepted.
    private mutating func takeOver(_ leader: Server, _ follower: Server) throws {
        let token = try follower.token()
        let client = try HTTPConnection(port: follower.port)
        leader.stop(SIGKILL)
        let start = ContinuousClock.now
        var index = 0
        while true {
            let body = #"{"hostname":"after\#(index)","architecture":"x86_64"}"#
            if try client.request("POST", "/ComputeNode", token: token, body).status == 201 { break }
            index += 1
            Thread.sleep(forTimeInterval: 0.01)
        }
        // The lease of 5 s, and a second.
        table.add(
            "from the leader's kill -9 to the next write, in s",
            (ContinuousClock.now - start).inSeconds,
            6,
            atMost: 1
        )
    }
}

extension Server {
    /// Starts the server with a log that it shares; others have to know its port.
    @discardableResult
    fileprivate func start(sharing log: [String], until path: String = "/healthz") throws -> Duration {
        let port = try Self.freePort()
        return try start(log + ["--replica-url", "http://127.0.0.1:\(port)"], at: port, until: path)
    }
}
