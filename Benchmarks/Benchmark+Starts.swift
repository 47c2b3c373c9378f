import Foundation
import RawHTTP

extension Benchmark {
    /// The newest snapshot of a server.
    func snapshot(_ server: Server) throws -> URL {
        let folder = server.data.appending(path: "snapshots")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            $0.hasPrefix("snapshot=")
        }
        guard let newest = names.max() else { throw BenchmarkError("there is no snapshot") }
        return folder.appending(path: newest)
    }

    mutating func restarts(_ server: Server, _ references: References) throws {
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

        // Snapshots of everything; what a noisy machine does to one side it does to the other, as they take turns.
        try server.start()
        let client = try HTTPConnection(port: server.port)
        var (taken, loaded, copied) = ([Duration](), [Duration](), [Duration]())
        for round in 0..<3 {
            let body = #"{"description":"\#(round)","bmc":{"description":"\#(round)"}}"#
            guard try client.request("PATCH", path, token: server.token(), body).status == 200 else {
                throw BenchmarkError("a node and its BMC were not changed")
            }
            taken.append(try Self.snapshot(of: server))
            let (duration, database) = try Limits.load(try snapshot(server))
            loaded.append(duration)
            copied.append(try Limits.copy(database, to: folder))
        }
        server.stop()
        add("snapshot, best of 3", taken.min() ?? .zero, copied.min() ?? .zero, atMost: 1.3)
        let restored =
            try (0..<3).map { _ in
                defer { server.stop() }
                return try server.start(until: path)
            }.min() ?? .zero
        add("start from a snapshot, best of 3", restored, loaded.min() ?? .zero, atMost: 8)
        table.add("the same, in s", restored.inSeconds, 1.5, atMost: 1)
    }

    /// Takes a snapshot, and returns how long that took.
    static func snapshot(of server: Server) throws -> Duration {
        // Nothing of a start or of a load is still going on then.
        try server.waitUntilIdle()
        let client = try HTTPConnection(port: server.port)
        let start = ContinuousClock.now
        guard (200...201).contains(try client.request("POST", "/snapshots", token: server.token()).status) else {
            throw BenchmarkError("no snapshot was taken")
        }
        return ContinuousClock.now - start
    }

    mutating func growth() throws {
        let growth = Growth(folder: folder)
        var before = try growth.figures(Growth.smallest)
        for size in Growth.larger {
            let figures = try growth.figures(size)
            // The smallest before and after, as the machine's speed wanders in between.
            let after = try growth.figures(Growth.smallest)
            func limit(_ figure: KeyPath<Growth.Figures, Double>) -> Double {
                (before[keyPath: figure] + after[keyPath: figure]) / 2
            }
            table.add("GET by id against constant, \(size)", figures.lookups, limit(\.lookups), atLeast: 0.8)
            for (name, figure) in [("load", \Growth.Figures.load), ("snapshot", \.snapshot), ("start", \.start)] {
                let each = figures[keyPath: figure] * 1e6
                table.add("\(name) of \(size), µs a node", each, limit(figure) * 1e6, atMost: 1.3)
            }
            before = after
        }
    }
}
