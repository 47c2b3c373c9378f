import Foundation
import Synchronization

/// Reads lines from a terminal: with editing, history and completion where readline or libedit is installed.
///
/// Both have the same functions, and are looked for when the program runs, so that it needs neither.
struct LineEditor {
    private typealias Text = UnsafePointer<CChar>
    private typealias OwnedText = UnsafeMutablePointer<CChar>
    private typealias Read = @convention(c) (Text) -> OwnedText?
    private typealias Remember = @convention(c) (Text) -> Void
    private typealias UseFile = @convention(c) (Text) -> CInt
    private typealias Limit = @convention(c) (CInt) -> Void
    private typealias Generator = @convention(c) (Text, CInt) -> OwnedText?
    private typealias Matches = @convention(c) (Text, Generator) -> UnsafeMutablePointer<OwnedText?>?
    private typealias Completer = @convention(c) (Text, CInt, CInt) -> UnsafeMutablePointer<OwnedText?>?
    private typealias EventHook = @convention(c) () -> CInt

    private static let names = [
        "libreadline.so.8", "libreadline.so.7", "libedit.so.2", "libedit.so.0", "libreadline.8.dylib", "libedit.dylib",
    ]
    private static let maximumHistory: CInt = 1000

    private let library: UnsafeMutableRawPointer?
    private let history: URL

    /// - Parameters:
    ///   - history: The file that keeps the lines from one time to the next.
    ///   - words: What lines are completed with.
    ///   - interrupts: Says when a line is to be given up.
    init(history: URL, words: [String], _ interrupts: Interrupts) {
        self.history = history
        library = Self.names.lazy.compactMap { dlopen($0, RTLD_NOW) }.first
        Self.completion.withLock { $0.words = words.sorted() }
        Self.interrupts.withLock { $0 = interrupts }
        setVariable("rl_readline_name", strdup("node-orchestrator"))
        setVariable("rl_completer_word_break_characters", strdup(" \t\n\"'`<>=;|&{}()[],+-*/%!?"))
        if let matches: Matches = function("rl_completion_matches") {
            Self.completion.withLock { $0.matches = matches }
            let complete: Completer = { text, _, _ in LineEditor.complete(text) }
            setVariable("rl_attempted_completion_function", complete)
        }
        if let done = library.flatMap({ dlsym($0, "rl_done") }).map(UInt.init(bitPattern:)) {
            Self.done.withLock { $0 = done }
            let hook: EventHook = { LineEditor.giveUpWhenInterrupted() }
            setVariable("rl_event_hook", hook)
        }
        if let read: UseFile = function("read_history") { _ = read(history.path) }
        if let limit: Limit = function("stifle_history") { limit(Self.maximumHistory) }
    }

    /// Reads a line; nil at the end of input.
    func line(_ prompt: String) -> String? {
        guard let read: Read = function("readline") else {
            print(prompt, terminator: "")
            fflush(nil)
            return readLine()
        }
        guard let line = read(prompt) else {
            print()
            return nil
        }
        defer { free(line) }
        return String(cString: line)
    }

    /// Adds to the history.
    func remember(_ statement: String) {
        let line = statement.split(whereSeparator: \.isNewline).joined(separator: " ")
        guard let remember: Remember = function("add_history") else { return }
        remember(line)
        let mask = umask(0o077)
        defer { umask(mask) }
        if let write: UseFile = function("write_history") { _ = write(history.path) }
    }

    private func function<Function>(_ name: String) -> Function? {
        library.flatMap { dlsym($0, name) }.map { unsafeBitCast($0, to: Function.self) }
    }

    private func setVariable<Value>(_ name: String, _ value: Value) {
        library.flatMap { dlsym($0, name) }?.assumingMemoryBound(to: Value.self).pointee = value
    }

    // MARK: What the library calls

    private struct Completion {
        var words: [String] = []
        /// Those that begin with what is there, while one after the other is asked for.
        var found: [String] = []
        var matches: Matches?
    }

    private static let completion = Mutex(Completion())
    private static let interrupts = Mutex<Interrupts?>(nil)
    /// The address of the variable that ends a line.
    private static let done = Mutex<UInt?>(nil)

    private static func complete(_ text: Text) -> UnsafeMutablePointer<OwnedText?>? {
        let matches = completion.withLock(\.matches)
        return matches?(text) { text, index in
            let word = LineEditor.completion.withLock { completion -> String? in
                if index == 0 {
                    let start = String(cString: text).lowercased()
                    completion.found = completion.words.filter { $0.lowercased().hasPrefix(start) }
                }
                return completion.found.isEmpty ? nil : completion.found.removeFirst()
            }
            return word.flatMap { strdup($0) }
        }
    }

    private static func giveUpWhenInterrupted() -> CInt {
        guard interrupts.withLock({ $0?.isPending }) == true,
            let address = done.withLock({ $0 }), let done = UnsafeMutablePointer<CInt>(bitPattern: address)
        else { return 0 }
        done.pointee = 1
        return 0
    }
}
