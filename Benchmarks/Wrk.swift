import Foundation

/// What wrk, the load generator of Debian's package of that name, has measured.
struct Wrk {
    var requestsPerSecond: Double
    /// In microseconds.
    var p99: Double

    static let connections = 32

    /// Sends GETs for so long.
    ///
    /// - Parameter paths: What is asked for, one after the other, over and over.
    init(port: Int, paths: [String], seconds: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "wrk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // The system clears its temporary folder.
        let list = folder.appending(path: "paths.txt")
        let script = folder.appending(path: "paths.lua")
        try Data(paths.joined(separator: "\n").utf8).write(to: list)
        let text = """
            local requests, next = {}, 0
            function init()
               for path in io.lines("\(list.path)") do requests[#requests + 1] = wrk.format("GET", path) end
            end
            function request()
               next = next % #requests + 1
               return requests[next]
            end
            function done(summary, latency)
               local errors = summary.errors
               io.write(string.format("RESULT %f %f %d\\n", summary.requests / summary.duration * 1e6,
                  latency:percentile(99),
                  errors.connect + errors.read + errors.write + errors.status + errors.timeout))
            end
            """
        try Data(text.utf8).write(to: script)
        let arguments = [
            "-t1", "-c\(Self.connections)", "-d\(seconds)s", "-s", script.path, "http://127.0.0.1:\(port)",
        ]
        let output = try Self.run(arguments)
        let result = output.split(separator: "\n").first { $0.hasPrefix("RESULT ") }?.split(separator: " ")
        guard let numbers = result?.dropFirst().compactMap({ Double($0) }), numbers.count == 3 else {
            throw BenchmarkError("wrk said: \(output)")
        }
        guard numbers[2] == 0 else { throw BenchmarkError("\(Int(numbers[2])) of wrk's requests failed") }
        (requestsPerSecond, p99) = (numbers[0], numbers[1])
    }

    private static func run(_ arguments: [String]) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["wrk"] + arguments
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
