import CSystemShims
import Foundation

/// Runs an actor on a thread of its own, so that calls into C that block never hold a thread of Swift's pool.
///
/// An actor keeps one and returns it as its `unownedExecutor`:
/// <https://github.com/swiftlang/swift-evolution/blob/main/proposals/0392-custom-actor-executors.md>.
package final class ThreadExecutor: SerialExecutor {
    private let jobs = Jobs()
    // Unsafe only in name: after it was started it is only compared with others.
    private nonisolated(unsafe) let thread: Thread

    /// Creates an executor with a thread of its own.
    ///
    /// - Parameters:
    ///   - label: The thread's name in debuggers and crash reports.
    ///   - givesWay: Whether other threads that have work come first.
    package init(label: String, givesWay: Bool = false) {
        thread = Thread { [jobs] in
            // Only a thread that runs can have a name in the system.
            no_name_thread(label)
            if givesWay { no_give_way() }
            while let job = jobs.next() { job() }
        }
        thread.start()
    }

    deinit {
        jobs.close()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.add { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    package func checkIsolated() {
        precondition(Thread.current == thread, "not on the thread of the actor")
    }
}

/// What a thread has to do.
private final class Jobs: Sendable {
    private let condition = NSCondition()
    // Unsafe only in name: both are used by nobody but whoever has locked the condition.
    private nonisolated(unsafe) var waiting: [@Sendable () -> Void] = []
    private nonisolated(unsafe) var isClosed = false

    func add(_ job: @escaping @Sendable () -> Void) {
        condition.lock()
        waiting.append(job)
        condition.unlock()
        condition.signal()
    }

    /// Says that no more jobs come.
    func close() {
        condition.lock()
        isClosed = true
        condition.unlock()
        condition.signal()
    }

    /// The next job, when there is one; nil at the end.
    func next() -> (@Sendable () -> Void)? {
        condition.lock()
        defer { condition.unlock() }
        while waiting.isEmpty && !isClosed { condition.wait() }
        return waiting.isEmpty ? nil : waiting.removeFirst()
    }
}
