import Foundation
import RawHTTP
import Schema
import TestSupport
import Testing

@Suite("The feed at its limits", .timeLimit(.minutes(10)))
struct FeedLimitTests {
    private static func node(_ cabinet: Int, _ index: Int, description: String) -> String {
        """
        {"hostname":"h","xname":"x\(cabinet)c\(index / 200)s\(index % 200)b0n0","architecture":"a",\
        "description":"\(description)"}
        """
    }

    private static func array(_ cabinet: Int, count: Int, descriptionLength: Int) -> String {
        let description = String(repeating: "d", count: descriptionLength)
        return "[\((0..<count).map { node(cabinet, $0, description: description) }.joined(separator: ","))]"
    }

    @Test("a reader that does not read holds no writer up, and keeps nothing from other readers")
    func slowReader() async throws {
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"])
        let idle = try ["", "after=0"].flatMap { parameters in
            try EventStream.Format.allCases.map { try server.events(parameters, format: $0, unread: 1 << 14) }
        }
        let (writers, count) = (8, 375)
        let total = writers * count
        let reading = ThreadedWork {
            try server.events("after=0&kind=ComputeNode").events(count: total).map { try $0.json["seq"]?.int }
        }
        let description = String(repeating: "d", count: 2000)
        let versions = try await withThrowingTaskGroup(of: [Int?].self) { group in
            for writer in 0..<writers {
                group.addTask {
                    try await onThread {
                        let token = try server.clientToken()
                        let connection = try HTTPConnection(port: server.port)
                        return try (0..<count).map { index in
                            let body = Self.node(2000 + writer, index, description: description)
                            return try connection.request("POST", "/ComputeNode", token: token, body).version
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let acknowledged = versions.compactMap(\.self).sorted()
        #expect(acknowledged.count == total)
        #expect(try await reading.result == acknowledged)
        #expect(server.stop() == 0)
        withExtendedLifetime(idle) {}
    }

    @Test("a large transaction is one event a change, of which the last has its number alone")
    func large() async throws {
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "error"])
        let token = try server.clientToken()
        // As many BMCs as nodes, since each has its own; and the next transaction.
        let count = 300
        let live = try server.events()
        let liveEvents = ThreadedWork { try live.events(count: 2 * count + 1) }
        let answer = try await onThread {
            let body = Self.array(1000, count: count, descriptionLength: 40_000)
            return try HTTPConnection(port: server.port).request("POST", "/ComputeNode", token: token, body)
        }
        #expect(answer.status == 201)
        let version = try #require(try server.request("GET", "/ComputeNode/x1000c0s0b0n0").version)
        let last = try server.write("POST", "/Component", #"{"ID":"x9999","Type":"Cabinet"}"#)
        #expect(try #require(last.version) > version)
        let later = try server.events("after=\(version - 1)").events(count: 2 * count + 1)
        for events in [try await liveEvents.result, later] {
            let numbers =
                (1..<2 * count).map { "\(version).\($0)" } + [version, try #require(last.version)].map(String.init)
            #expect(events.map(\.id) == numbers)
            let changes = try events.dropLast().map { try $0.json }
            #expect(changes.allSatisfy { $0["seq"]?.int == version })
            let ids = changes.filter { $0["kind"] == "ComputeNode" }.compactMap { $0["id"]?.string }
            #expect(ids.count == count)
            #expect(Set(ids).count == count)
        }
    }

    @Test("history that is no longer kept is 410, which says from where on there is some")
    func forgotten() async throws {
        let workspace = try Workspace()
        let options = [
            "--journal-max-size", "1MB", "--snapshot-keep", "1", "--snapshot-freq", "0", "--history-keep-for", "0",
        ]
        let first = try await ServerProcess(in: workspace, options)
        for cabinet in 1000..<1004 {
            let body = Self.array(cabinet, count: 150, descriptionLength: 10_000)
            #expect(try first.write("POST", "/ComputeNode", body).status == 201)
            #expect(try first.write("POST", "/snapshots").status == 201)
        }
        #expect(first.stop() == 0)

        let second = try await ServerProcess(in: workspace, options)
        let refused = #expect(throws: EventStream.Refused.self) { try second.events("after=0") }
        let answer = try #require(refused?.answer)
        #expect(answer.status == 410)
        #expect(answer.headers["content-type"] == "application/problem+json")
        let oldest = try #require(try JSONValue(parsing: answer.body)["oldest"]?.int)
        #expect(oldest > 0)
        let stream = try second.events("after=\(oldest)")
        let version = try #require(
            try second.write("POST", "/ComputeNode", Self.node(1004, 0, description: "")).version
        )
        var sequence = 0
        while sequence < version {
            let next = try #require(try stream.next()?.json["seq"]?.int)
            #expect(next > max(sequence, oldest))
            sequence = next
        }
        #expect(sequence == version)
    }

    @Test("a stop ends the feeds of readers that have all, and does not wait for one that does not read")
    func stop() async throws {
        let server = try await ServerProcess(in: Workspace(), ["--log-level", "warning"])
        let idle = try server.events("after=0", unread: 1 << 14)
        let streams = try EventStream.Format.allCases.map { try server.events("after=0", format: $0) }
        let (cabinets, count) = (1000..<1008, 100)
        // As many BMCs as nodes, since each has its own.
        let total = 2 * cabinets.count * count
        let readers = streams.map { stream in ThreadedWork { try stream.events(count: total) } }
        for cabinet in cabinets {
            let body = Self.array(cabinet, count: count, descriptionLength: 10_000)
            #expect(try server.write("POST", "/ComputeNode", body).status == 201)
        }
        for reader in readers { _ = try await reader.result }
        let started = ContinuousClock.now
        #expect(server.stop() == 0)
        #expect(ContinuousClock.now - started < .seconds(20))
        // As a request that goes on is after its time.
        await #expect(throws: ServerError.self) { try await server.line(containing: "cut off requests") }
        for stream in streams { #expect(try stream.next() == nil) }
        withExtendedLifetime(idle) {}
    }
}
