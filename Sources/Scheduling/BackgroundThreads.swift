import Foundation
import Synchronization

/// Threads for work that takes the processor, which give way to those of small requests; each next piece of work goes to the
/// next thread.
package final class BackgroundThreads: Sendable {
    private let workers: [Worker]
    private let next = Atomic(0)

    /// - Parameter label: The threads' name in debuggers and crash reports.
    package init(label: String) {
        workers = (0..<max(1, ProcessInfo.processInfo.activeProcessorCount - 1)).map { _ in Worker(label: label) }
    }

    /// Does something on one of the threads.
    package func run<Value: Sendable>(_ body: @Sendable () throws -> Value) async rethrows -> Value {
        let number = next.add(1, ordering: .relaxed).oldValue
        return try await workers[number % workers.count].run(body)
    }

    private actor Worker {
        private nonisolated let executor: ThreadExecutor

        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        init(label: String) {
            executor = ThreadExecutor(label: label, givesWay: true)
        }

        func run<Value: Sendable>(_ body: @Sendable () throws -> Value) rethrows -> Value {
            try body()
        }
    }
}
