import CSystemShims
import Foundation
import Metrics
import Synchronization

/// Standard error for the log: lines wait in a queue for a thread that writes them, so that a reader that stops holds up
/// nobody. What does not fit in is dropped, and counted, and the log says how much as soon as it goes on.
final class LogOutput: TextOutputStream, Sendable {
    private let queue = Mutex(Queue())
    private let wakeUp = DispatchSemaphore(value: 0)
    /// The line that says how many messages were dropped.
    private let notice: @Sendable (_ dropped: Int) -> String

    private struct Queue {
        var bytes: [UInt8] = []
        var droppedCount = 0
        var isBeingWritten = false
        var isThreadRunning = false
    }

    /// How many bytes may wait, but for the line that says what was dropped.
    private static let maximumSize = 1 << 20
    /// How long the end of the program waits for what is still to be written.
    private static let endPatience = 1.0

    init(notice: @escaping @Sendable (_ dropped: Int) -> String) {
        self.notice = notice
        // A reader that is gone is no reason to end.
        signal(SIGPIPE, SIG_IGN)
    }

    func write(_ line: String) {
        let (isDropped, isFirst) = queue.withLock { queue in
            guard queue.bytes.count + line.utf8.count <= Self.maximumSize else {
                queue.droppedCount += 1
                return (true, false)
            }
            if queue.droppedCount > 0 { queue.bytes += notice(queue.droppedCount).utf8 }
            queue.droppedCount = 0
            queue.bytes += line.utf8
            defer { queue.isThreadRunning = true }
            return (false, !queue.isThreadRunning)
        }
        if isDropped {
            Counter(label: "log_messages_dropped_total").increment()
        } else {
            if isFirst { start() }
            wakeUp.signal()
        }
    }

    private func start() {
        let thread = Thread { [self] in
            no_name_thread("log")
            while true {
                wakeUp.wait()
                let bytes = queue.withLock { queue in
                    defer { queue.bytes = [] }
                    queue.isBeingWritten = !queue.bytes.isEmpty
                    return queue.bytes
                }
                Self.writeOut(bytes)
                queue.withLock { $0.isBeingWritten = false }
            }
        }
        thread.start()
    }

    /// Writes to standard error; where that fails there is nowhere left to say so.
    private static func writeOut(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return }
            rest = rest.dropFirst(max(0, count))
        }
    }

    /// Waits for what is still to be written, as the program ends, unless nobody reads it.
    func flush() {
        let deadline = Date() + Self.endPatience
        while Date() < deadline, queue.withLock({ !$0.bytes.isEmpty || $0.isBeingWritten }) {
            Thread.sleep(forTimeInterval: 0.001)
        }
    }
}
