import Foundation
import RawHTTP

/// Measures how what takes long, and what must not, grows with the inventory.
struct Growth {
    /// What one size takes.
    struct Figures {
        /// Lookups by id against the constant route.
        var lookups: Double
        /// Seconds a node.
        var load: Double
        var snapshot: Double
        var start: Double
    }

    let folder: URL

    static let smallest = 10_000
    static let larger = [100_000, 1_000_000]

    func figures(_ count: Int) throws -> Figures {
        let nodes = folder.appending(path: "nodes-\(count).ndjson")
        let data = folder.appending(path: "growth-\(count)")
        defer {
            // Not all sizes need be on the disk at once; what cannot be removed goes with the folder around it.
            for url in [nodes, data] { try? FileManager.default.removeItem(at: url) }
        }
        try Benchmark.generate(count, to: nodes)
        let server = Server(data: data)
        try server.start()
        // Until a search finds all of it: a small load is over before anything is merged, of a large one most is.
        let start = ContinuousClock.now
        _ = try Benchmark.stream(nodes, count, to: server)
        try HTTPConnection(port: server.port).awaitMerges()
        let load = ContinuousClock.now - start
        let references = try Benchmark.references(server, count: min(count, 50_000))
        let snapshot = try Benchmark.snapshot(of: server)
        server.stop()
        try server.start(as: .comparing)
        let (constant, lookups) = Benchmark.paths(references.ids)
        let rates = try Wrk(port: server.port, subjects: [constant, lookups], seconds: 2 * Benchmark.httpSeconds).rates
        server.stop()
        let restart = try server.start(until: lookups[0])
        server.stop()
        return Figures(
            lookups: rates[1] / rates[0],
            load: load.inSeconds / Double(count),
            snapshot: snapshot.inSeconds / Double(count),
            start: restart.inSeconds / Double(count)
        )
    }
}
