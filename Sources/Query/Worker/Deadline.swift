import DuckDB
import Foundation

/// Interrupts what a connection is at from a time on.
///
/// A thread does it: the tasks of `InterruptHandle.cancellable` have none where the only one of Swift's pool waits for DuckDB.
final class Deadline: Sendable {
    private let condition = NSCondition()
    // Unsafe only in name: both are used by nobody but whoever has locked the condition.
    private nonisolated(unsafe) var isOver = false
    private nonisolated(unsafe) var interrupts = false

    /// How often it interrupts, since a statement that begins just after an interrupt does not know of it; in seconds.
    private static let interval = 0.005

    /// - Parameter milliseconds: When, from now.
    init(in milliseconds: Int, of handle: InterruptHandle) {
        let date = Date(timeIntervalSinceNow: Double(milliseconds) / 1000)
        Thread { [self] in
            condition.lock()
            defer { condition.unlock() }
            while !isOver {
                if !interrupts {
                    interrupts = !condition.wait(until: date) && !isOver
                } else {
                    handle.interrupt()
                    _ = condition.wait(until: Date(timeIntervalSinceNow: Self.interval))
                }
            }
        }.start()
    }

    var hasPassed: Bool {
        condition.lock()
        defer { condition.unlock() }
        return interrupts
    }

    func end() {
        condition.lock()
        isOver = true
        condition.unlock()
        condition.signal()
    }
}
