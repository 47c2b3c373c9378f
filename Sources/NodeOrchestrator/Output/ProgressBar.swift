import Foundation
import Synchronization

/// Shows on standard error how far work over many bytes has come, if that is a terminal and the work takes long.
final class ProgressBar: Sendable {
    private let label: String
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let state = Mutex(State())

    private struct State {
        /// When to draw next; nil after the end, so that a late update draws nothing.
        var nextDrawing: ContinuousClock.Instant? = .now + ProgressBar.patience
        var isDrawn = false
    }

    private static let patience = Duration.milliseconds(500)
    private static let interval = Duration.milliseconds(100)
    private static let width = 20
    private static let eraseToEndOfLine = "\u{1B}[K"

    /// Starts the clock of work.
    init(label: String) {
        self.label = label
    }

    /// Says how many bytes are done, of how many; may be called often and from any thread.
    func update(done: Int, total: Int) {
        guard isTerminal else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            guard let nextDrawing = state.nextDrawing, now >= nextDrawing else { return }
            state.nextDrawing = now + Self.interval
            state.isDrawn = true
            write("\r" + Self.line(label: label, done: done, total: total) + Self.eraseToEndOfLine)
        }
    }

    /// Erases the bar; nothing is drawn from here on.
    func finish() {
        state.withLock { state in
            if state.isDrawn { write("\r" + Self.eraseToEndOfLine) }
            state = State(nextDrawing: nil)
        }
    }

    /// The line that stands for a state, such as `reading  42% [########            ] 1.2/2.9 GB`.
    ///
    /// Everything is rounded down, so that only the end looks like the end.
    static func line(label: String, done: Int, total: Int) -> String {
        let done = min(max(done, 0), total)
        let fraction = total > 0 ? Double(done) / Double(total) : 1
        let percent = String(Int(fraction * 100))
        let padding = String(repeating: " ", count: 3 - percent.count)
        let bar = String(repeating: "#", count: Int(fraction * Double(width)))
        let rest = String(repeating: " ", count: width - bar.count)
        let (unit, size) =
            total >= 1_000_000_000 ? ("GB", 1_000_000_000) : total >= 1_000_000 ? ("MB", 1_000_000) : ("kB", 1000)
        return "\(label) \(padding)\(percent)% [\(bar)\(rest)] \(amount(done, size))/\(amount(total, size)) \(unit)"
    }

    private static func amount(_ bytes: Int, _ unit: Int) -> String {
        let tenths = bytes / (unit / 10)
        return "\(tenths / 10).\(tenths % 10)"
    }

    private func write(_ text: String) {
        do {
            try FileHandle.standardError.write(contentsOf: Data(text.utf8))
        } catch {
            // Whoever would watch is gone; the work goes on without them.
        }
    }
}
