import Foundation
import RawHTTP

/// The real program in its release build, with a data directory of its own.
final class Server {
    let data: URL
    private(set) var port = 0
    private var process = Process()

    init(data: URL) {
        self.data = data
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    /// What is run.
    enum Kind {
        /// The program, which is built beside the benchmarks.
        case program
        /// A server that has a constant route too; see ``ComparingServer``.
        case comparing
    }

    /// Starts the server and waits until it answers a request.
    ///
    /// - Parameters:
    ///   - port: Where it listens; 0 for any.
    ///   - path: What is asked for; it must be answered with 200.
    /// - Returns: How long that took from the start of the process.
    @discardableResult
    func start(
        _ arguments: [String] = [],
        at port: Int = 0,
        as kind: Kind = .program,
        until path: String = "/healthz"
    ) throws -> Duration {
        process = Process()
        let benchmarks = URL(filePath: CommandLine.arguments[0])
        switch kind {
        case .program:
            process.executableURL = benchmarks.deletingLastPathComponent().appending(path: "node-orchestrator")
            process.arguments =
                ["serve", "--listen", "127.0.0.1:\(port)", "--data-dir", data.path, "--log-level", "notice"] + arguments
        case .comparing:
            process.executableURL = benchmarks
            process.arguments = ["serve", data.path]
        }
        let output = Pipe()
        process.standardError = output
        let start = ContinuousClock.now
        try process.run()
        var text = ""
        while !text.contains("ready: ") || text.last != "\n" {
            let piece = output.fileHandleForReading.availableData
            guard !piece.isEmpty else { throw BenchmarkError("the program ended: \(text)") }
            text += String(decoding: piece, as: UTF8.self)
        }
        // Nothing else may hold the program up.
        Thread.detachNewThread { while !output.fileHandleForReading.availableData.isEmpty {} }
        guard let address = text.firstRange(of: "ready: listening on http://127.0.0.1:"),
            let port = Int(text[address.upperBound...].prefix(while: \.isNumber))
        else { throw BenchmarkError("the program does not say where it listens: \(text)") }
        self.port = port
        guard try HTTPConnection(port: port).request("GET", path).status == 200 else {
            throw BenchmarkError("\(path) is not there after a start")
        }
        return ContinuousClock.now - start
    }

    /// A port at which nobody listens now.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isFound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isFound else { throw BenchmarkError("there is no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Ends the program as an administrator does, or kills it.
    func stop(_ signal: Int32 = SIGTERM) {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
    }

    func token() throws -> String {
        try String(contentsOf: data.appending(path: "keys/client.token"), encoding: .utf8)
            .trimmingCharacters(in: .newlines)
    }

    /// Memory of the process in bytes: now, and the most that it ever had.
    func memory() throws -> (now: Int, peak: Int) { try Self.memory(of: process.processIdentifier) }

    /// The processes that carry out queries.
    func queryWorkers() throws -> [Int32] {
        let parent = "\nPPid:\t\(process.processIdentifier)\n"
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { process in
            // A process that has ended since has no files any more.
            (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8))?.contains(parent) ?? false
        }
    }

    /// Memory of a process in bytes: now, and the most that it ever had.
    static func memory(of process: Int32) throws -> (now: Int, peak: Int) {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        func value(_ name: String) -> Int {
            status.split(separator: "\n").first { $0.hasPrefix(name) }
                .flatMap { $0.split(separator: " ").dropLast().last }.flatMap { Int($0) }.map { $0 << 10 } ?? 0
        }
        return (value("VmRSS:"), value("VmHWM:"))
    }

    /// Waits until the process does nothing any more, such as merging what was written or giving memory back.
    func waitUntilIdle() throws {
        var before = try processorTime()
        while true {
            Thread.sleep(forTimeInterval: 3)
            let now = try processorTime()
            if now - before < 5 { return }
            before = now
        }
    }

    /// What the process has used of processors, in hundredths of a second.
    func processorTime() throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
        // Behind the name in parentheses, `utime` and `stime` are the 12th and 13th, as proc(5) numbers 14 and 15.
        let values = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard values.count > 12, let user = Int(values[11]), let system = Int(values[12]) else {
            throw BenchmarkError("the process is gone")
        }
        return user + system
    }

    /// Lets ``memory()`` forget the most that there was so far.
    func forgetPeak() throws {
        try Data("5".utf8).write(to: URL(filePath: "/proc/\(process.processIdentifier)/clear_refs"))
    }
}
