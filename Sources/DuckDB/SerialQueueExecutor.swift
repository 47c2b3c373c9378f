package import Dispatch

/// Runs an actor on a dispatch queue of its own, so that calls into C that block never hold a thread of Swift's pool.
///
/// An actor keeps one and returns it as its `unownedExecutor`:
/// <https://github.com/swiftlang/swift-evolution/blob/main/proposals/0392-custom-actor-executors.md>.
package final class SerialQueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    /// Creates an executor with a queue of its own.
    ///
    /// - Parameter label: The queue's name in debuggers and crash reports.
    package init(label: String, qos: DispatchQoS = .unspecified) {
        queue = DispatchQueue(label: label, qos: qos)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            job.runSynchronously(on: self.asUnownedSerialExecutor())
        }
    }

    package func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
