import Dispatch
import DuckDB
import Foundation
import Testing

/// An actor on a thread of its own that owns a connection.
private actor Counter {
    private let executor = ThreadExecutor(label: "counter")
    private let connection: Connection

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    init() throws {
        connection = try Database().connect()
        try connection.execute("CREATE TABLE t (i BIGINT); INSERT INTO t VALUES (0)")
    }

    func increment() throws {
        preconditionIsolated()
        try connection.execute("UPDATE t SET i = i + 1")
    }

    func wait(for semaphore: DispatchSemaphore) {
        semaphore.wait()
    }

    var value: SQLValue? {
        get throws { try connection.query("SELECT i FROM t").scalar() }
    }
}

struct ThreadExecutorTests {
    @Test func `Jobs from many tasks run one at a time`() async throws {
        let counter = try Counter()
        try await withThrowingTaskGroup { group in
            for _ in 0..<200 {
                group.addTask { try await counter.increment() }
            }
            try await group.waitForAll()
        }
        #expect(try await counter.value == .int(200))
    }

    @Test(.timeLimit(.minutes(5)))
    func `Actors that block leave the threads of other tasks free`() async throws {
        let semaphore = DispatchSemaphore(value: 0)
        let blockedCount = ProcessInfo.processInfo.activeProcessorCount * 2
        try await withThrowingTaskGroup { group in
            for _ in 0..<blockedCount {
                let counter = try Counter()
                group.addTask { await counter.wait(for: semaphore) }
            }
            // On the threads of Swift's pool this would never run.
            group.addTask {
                for _ in 0..<blockedCount { semaphore.signal() }
            }
            try await group.waitForAll()
        }
    }
}
