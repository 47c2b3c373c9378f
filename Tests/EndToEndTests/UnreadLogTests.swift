import Foundation
import RawHTTP
import Testing

@Suite("A log that nobody reads", .timeLimit(.minutes(5)))
struct UnreadLogTests {
    @Test("holds up neither requests nor the end, and says later what was dropped", arguments: ["text", "json"])
    func unread(format: String) async throws {
        let server = try await ServerProcess(in: Workspace(), ["--log-format", format], readsLog: false)
        let long = "/ComputeNode/" + String(repeating: "a", count: 60_000)
        for _ in 0..<60 { #expect(try server.request("GET", long).status == 404) }
        #expect(try server.request("GET", "/metrics").text.contains("log_messages_dropped_total"))
        server.readLog()
        // What was dropped is said before the next message.
        async let notice = server.line(containing: "messages were dropped")
        #expect(try server.request("GET", "/healthz").status == 200)
        #expect(try await !notice.isEmpty)
    }

    @Test("holds up the end of the program for no more than a second", arguments: ["text", "json"])
    func end(format: String) async throws {
        let server = try await ServerProcess(in: Workspace(), ["--log-format", format], readsLog: false)
        let long = "/ComputeNode/" + String(repeating: "a", count: 60_000)
        for _ in 0..<60 { #expect(try server.request("GET", long).status == 404) }
        #expect(server.stop() == 0)
        server.readLog()
    }
}
