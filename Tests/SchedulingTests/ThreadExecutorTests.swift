import Dispatch
import Foundation
import Scheduling
import Testing

/// An actor on a thread of its own.
private actor Counter {
    private let executor = ThreadExecutor(label: "counter")
    private(set) var value = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    func increment() {
        preconditionIsolated()
        value += 1
    }

    /// The name that the system has for the thread (proc(5)).
    func name() throws -> String {
        try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8).trimmingCharacters(in: .newlines)
    }

    func wait(for semaphore: DispatchSemaphore) {
        semaphore.wait()
    }
}

struct ThreadExecutorTests {
    @Test("Jobs from many tasks run one at a time")
    func jobsFrom() async {
        let counter = Counter()
        await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask { await counter.increment() }
            }
            await group.waitForAll()
        }
        #expect(await counter.value == 200)
    }

    @Test("Threads have their names in the system however soon they run")
    func names() async throws {
        for _ in 0..<1000 {
            #expect(try await Counter().name() == "counter")
        }
    }

    @Test("Actors that block leave the threads of other tasks free", .timeLimit(.minutes(5)))
    func actorsBlock() async {
        let semaphore = DispatchSemaphore(value: 0)
        let blockedCount = ProcessInfo.processInfo.activeProcessorCount * 2
        await withTaskGroup { group in
            for _ in 0..<blockedCount {
                let counter = Counter()
                group.addTask { await counter.wait(for: semaphore) }
            }
            // On the threads of Swift's pool this would never run.
            group.addTask {
                for _ in 0..<blockedCount { semaphore.signal() }
            }
            await group.waitForAll()
        }
    }
}
