import Foundation
import RawHTTP

extension Benchmark {
    /// Measures loads, each of a server of its own.
    ///
    /// - Returns: The last of the servers.
    mutating func load() throws -> Server {
        var (taken, limits) = ([Duration](), [Duration]())
        func load(into name: String) throws -> Server {
            limits.append(try Limits.readJSON(nodes))
            let server = Server(data: folder.appending(path: name))
            try server.start()
            taken.append(try Self.stream(nodes, count, to: server))
            return server
        }
        for _ in 0..<2 {
            let server = try load(into: "loaded")
            server.stop(SIGKILL)
            try FileManager.default.removeItem(at: server.data)
        }
        let server = try load(into: "data")
        add("load, NDJSON, best of 3", taken.min() ?? .zero, limits.min() ?? .zero, atMost: 8)
        try memory(afterLoading: server)
        return server
    }

    private mutating func memory(afterLoading server: Server) throws {
        let size = try FileManager.default.attributesOfItem(atPath: nodes.path)[.size] as? Int ?? 0
        try HTTPConnection(port: server.port).awaitMerges()
        let memory = try server.memory()
        table.add(
            "memory above the end of the load",
            memory.peak - memory.now,
            64 << 20,
            atMost: 1
        )
        try server.waitUntilIdle()
        table.add("memory after the load, idle", try server.memory().now, size, atMost: 5)
    }

    /// Loads nodes, and returns how long that took.
    static func stream(_ nodes: URL, _ count: Int, to server: Server) throws -> Duration {
        let size = try FileManager.default.attributesOfItem(atPath: nodes.path)[.size] as? Int ?? 0
        let client = try HTTPConnection(port: server.port)
        let start = ContinuousClock.now
        try client.send(
            """
            POST /ComputeNode HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(server.token())\r\n\
            Content-Type: application/x-ndjson\r\nContent-Length: \(size)\r\n\r\n
            """
        )
        let isSent = DispatchSemaphore(value: 0)
        // The client is written to on another thread, which uses nothing of it but the socket.
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
}
