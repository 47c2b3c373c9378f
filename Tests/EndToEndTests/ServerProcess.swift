import Foundation
import Synchronization

/// The real program, serving on a free port of the loopback interface.
final class ServerProcess: Sendable {
    /// The port it took.
    let port: Int
    /// Where it keeps its data.
    let workspace: Workspace
    private let process: Process
    private let output: Output
    /// Lets the log be read on once the program is ready.
    private let readingOn = DispatchSemaphore(value: 0)

    private static let readyMark = "listening on http://127.0.0.1:"

    /// What the program has printed, and who waits for some of it.
    private final class Output: Sendable {
        private let state = Mutex(State())

        private struct State {
            var text = ""
            var hasEnded = false
            var waiting: [(pattern: String, continuation: CheckedContinuation<String, any Error>)] = []
        }

        var text: String { state.withLock { $0.text } }

        /// The first line with a text in it, once it is there.
        ///
        /// - Throws: When the program ends without it.
        func line(containing pattern: String) async throws -> String {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { state in
                    state.waiting.append((pattern, continuation))
                    Self.resume(&state)
                }
            }
        }

        func append(_ data: Data) {
            state.withLock { state in
                state.text += String(decoding: data, as: UTF8.self)
                state.hasEnded = data.isEmpty
                Self.resume(&state)
            }
        }

        private static func resume(_ state: inout State) {
            let lines = state.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            state.waiting.removeAll { pattern, continuation in
                if let line = lines.first(where: { $0.contains(pattern) }) {
                    continuation.resume(returning: String(line))
                    return true
                }
                if state.hasEnded { continuation.resume(throwing: ServerError(output: state.text)) }
                return state.hasEnded
            }
        }
    }

    /// Starts the program and waits until it is ready.
    ///
    /// - Parameters:
    ///   - maximumFiles: How many files it may have open; nil for as many as this process.
    ///   - readsLog: Whether anybody reads what it prints when it is ready, before ``readLog()``.
    init(
        in workspace: Workspace,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        maximumFiles: Int? = nil,
        readsLog: Bool = true
    ) async throws {
        self.workspace = workspace
        if readsLog { readingOn.signal() }
        let defaults = ["serve", "--listen", "127.0.0.1:0", "--data-dir", workspace.data.path]
        (process, output) = try Self.start(
            defaults + arguments,
            environment: environment,
            maximumFiles: maximumFiles,
            readingOn: readingOn
        )
        let line = try await output.line(containing: Self.readyMark)
        let address = line.split(separator: "http://127.0.0.1:").last ?? ""
        guard let port = Int(address.prefix(while: \.isNumber)) else { throw ServerError(output: line) }
        self.port = port
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    private static func start(
        _ arguments: [String],
        environment: [String: String],
        maximumFiles: Int?,
        readingOn: DispatchSemaphore
    ) throws -> (Process, Output) {
        let (process, reading) = try run(arguments, environment: environment, maximumFiles: maximumFiles)
        let output = Output()
        Thread.detachNewThread {
            var data: Data
            var isReady = false
            repeat {
                data = reading.availableData
                output.append(data)
                if !isReady,
                    output.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                        .contains(where: { $0.contains(readyMark) })
                {
                    isReady = true
                    readingOn.wait()
                }
            } while !data.isEmpty
        }
        return (process, output)
    }

    /// Runs the program.
    ///
    /// - Returns: What it prints can be read from the handle.
    private static func run(
        _ arguments: [String],
        environment: [String: String],
        maximumFiles: Int? = nil
    ) throws -> (process: Process, reading: FileHandle) {
        let (process, reading) = try Process.started { process in
            let pipe = Pipe()
            process.executableURL = program
            process.arguments = arguments
            if let maximumFiles {
                process.executableURL = URL(filePath: "/bin/sh")
                process.arguments = ["-c", "ulimit -n \(maximumFiles); exec \"$0\" \"$@\"", program.path] + arguments
            }
            process.environment = environment
            process.standardError = pipe
            process.standardOutput = pipe
            return pipe.fileHandleForReading
        }
        return (process, reading)
    }

    /// The built program: beside the tests, unless the environment names another.
    static let program: URL = {
        if let path = ProcessInfo.processInfo.environment["NODE_ORCHESTRATOR"] { return URL(filePath: path) }
        return URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "node-orchestrator")
    }()

    /// Runs the program to its end.
    static func run(
        _ arguments: String...,
        environment: [String: String] = [:]
    ) throws -> (status: Int32, output: String) {
        try finished(arguments, environment: environment)
    }

    static func finished(
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws -> (status: Int32, output: String) {
        let (process, reading) = try run(arguments, environment: environment)
        let output = reading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    /// The process's number.
    var identifier: Int32 { process.processIdentifier }

    /// Reads what the program prints from now on, where nobody has.
    func readLog() {
        readingOn.signal()
    }

    /// What the program has logged.
    var log: String { output.text }

    /// Waits for a line of the log.
    func line(containing pattern: String) async throws -> String {
        try await output.line(containing: pattern)
    }

    /// Asks the program to stop, and waits for its end.
    ///
    /// - Returns: The exit status.
    func stop(_ signal: Int32 = SIGTERM) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// The token that the server leaves for clients on its machine.
    func clientToken() throws -> String {
        try String(contentsOf: workspace.data.appending(path: "keys/client.token"), encoding: .utf8)
            .trimmingCharacters(in: .newlines)
    }
}

/// The program ended, or said what was not expected.
struct ServerError: Error, CustomStringConvertible {
    let output: String

    var description: String { "the program said: \(output)" }
}

/// What Linux says of the process.
extension ServerProcess {
    /// The memory that it has in use, in bytes.
    func memory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw ServerError(output: status)
        }
        return kilobytes << 10
    }

    /// How long a thread has had a processor, in seconds.
    func processorTime(ofThread name: String) throws -> Double { try thread(name).time }

    /// The same, once the thread has nothing more to do.
    func processorTimeAtRest(ofThread name: String) async throws -> Double {
        var last: Double?
        while true {
            let (isAsleep, time) = try thread(name)
            if isAsleep, time == last { return time }
            last = isAsleep ? time : nil
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Whether a thread sleeps (proc(5): the state is S), and how long it has had a processor, in seconds.
    ///
    /// Linux may leave a thread out of its list while others end, so the list is read until the thread is in it.
    private func thread(_ name: String) throws -> (isAsleep: Bool, time: Double) {
        var names: Set<String> = []
        for _ in 0..<1000 {
            for task in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(identifier)/task") {
                func text(_ file: String) throws -> String {
                    try String(contentsOfFile: "/proc/\(identifier)/task/\(task)/\(file)", encoding: .utf8)
                }
                let found: String
                do {
                    found = try text("comm").trimmingCharacters(in: .newlines)
                } catch {
                    // A thread that has ended since has no files any more.
                    continue
                }
                names.insert(found)
                guard found == name else { continue }
                let times = try text("schedstat")
                guard let nanoseconds = times.split(separator: " ").first.flatMap({ Double($0) }) else {
                    throw ServerError(output: times)
                }
                return (try text("stat").contains(") S "), nanoseconds / 1e9)
            }
        }
        throw ServerError(output: "it has no thread \(name), but \(names.sorted().joined(separator: ", "))")
    }
}
