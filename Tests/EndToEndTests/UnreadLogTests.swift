import Foundation
import Testing

@Suite("A log that nobody reads", .timeLimit(.minutes(5)))
struct UnreadLogTests {
    /// A server whose log goes into a pipe.
    private func start(_ arguments: String...) async throws -> (process: Process, log: Pipe, server: ServerAddress) {
        let (workspace, log, process) = (try Workspace(), Pipe(), Process())
        let port = try HTTPConnection.freePort()
        process.executableURL = ServerProcess.program
        process.arguments =
            ["serve", "--listen", "127.0.0.1:\(port)", "--data-dir", workspace.data.path] + arguments
        process.standardError = log
        try process.run()
        let server = ServerAddress(port: port, workspace: workspace)
        while true {
            do {
                _ = try server.get("/readyz")
                return (process, log, server)
            } catch is HTTPConnection.BrokenConnection {
                #expect(process.isRunning)
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    struct ServerAddress {
        let port: Int
        /// Goes with the address.
        let workspace: Workspace

        func get(_ path: String) throws -> HTTPConnection.Answer {
            let connection = try HTTPConnection(port: port)
            try connection.send("GET", path, headers: ["Connection": "close"])
            return try connection.answer()
        }
    }

    @Test("holds up neither requests nor the end, and says later what was dropped", arguments: ["text", "json"])
    func unread(format: String) async throws {
        let (process, log, server) = try await start("--log-format", format)
        let long = "/ComputeNode/" + String(repeating: "a", count: 60_000)
        for _ in 0..<60 { #expect(try server.get(long).status == 404) }
        let metrics = try server.get("/metrics").text
        #expect(metrics.contains("log_messages_dropped_total"))
        // Read at last.
        var text = ""
        while !text.contains("dropped") {
            text += String(decoding: log.fileHandleForReading.availableData, as: UTF8.self)
            _ = try server.get("/healthz")
        }
        for _ in 0..<60 { #expect(try server.get(long).status == 404) }
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
