import Foundation

/// What wrk, the load generator of Debian's package of that name, has measured.
struct Wrk {
    var requestsPerSecond: Double
    /// In microseconds.
    var p99: Double
    /// Requests a second of each subject, the median of its turns.
    var rates: [Double]

    static let connections = 32
    /// After so many requests, some 25 ms, it is the next subject's turn: what a noisy machine does to one of them it
    /// does to the others.
    private static let turn = 512

    /// Sends GETs for so long.
    init(port: Int, paths: [String], seconds: Int) throws {
        try self.init(port: port, subjects: [paths], seconds: seconds)
    }

    /// Sends GETs for so long.
    ///
    /// - Parameters:
    ///   - subjects: What is asked for: of each of them one path after the other, over and over.
    ///   - headers: What each request has beside `Host`; no name or value has a `'`.
    init(port: Int, subjects: [[String]], headers: [String: String] = [:], seconds: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "wrk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // The system clears its temporary folder.
        for (number, paths) in subjects.enumerated() {
            try Data(paths.joined(separator: "\n").utf8).write(to: folder.appending(path: "\(number + 1).txt"))
        }
        let fields = headers.map { "['\($0.key)'] = '\($0.value)'" }.joined(separator: ", ")
        let script = folder.appending(path: "subjects.lua")
        let text = """
            local ffi = require("ffi")
            ffi.cdef("typedef struct { long seconds, nanoseconds; } timespec; int clock_gettime(int, timespec *);")
            local time, monotonic = ffi.new("timespec"), 1
            local function now()
               ffi.C.clock_gettime(monotonic, time)
               return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
            end

            local subjects, subject, sent, start = {}, 1, 0, nil
            -- Of every turn; wrk hands tables of numbers to `done`, but no tables of tables.
            durations = {}
            function init()
               for number = 1, \(subjects.count) do
                  local requests = {}
                  for path in io.lines("\(folder.path)/" .. number .. ".txt") do
                     requests[#requests + 1] = wrk.format("GET", path, {\(fields)})
                  end
                  subjects[number] = {requests = requests, next = 0}
               end
            end
            function request()
               -- Until then those are answered that were sent in the turn before.
               if sent == \(Self.connections) then start = now() end
               if sent == \(Self.turn) then
                  durations[#durations + 1] = now() - start
                  subject, sent = subject % #subjects + 1, 0
               end
               sent = sent + 1
               local requests = subjects[subject].requests
               subjects[subject].next = subjects[subject].next % #requests + 1
               return requests[subjects[subject].next]
            end

            local sender
            function setup(thread) sender = thread end
            function done(summary, latency)
               local errors = summary.errors
               io.write(string.format("RESULT %d %f %f",
                  errors.connect + errors.read + errors.write + errors.status + errors.timeout,
                  summary.requests / summary.duration * 1e6, latency:percentile(99)))
               local durations = sender:get("durations")
               for number = 1, \(subjects.count) do
                  local own = {}
                  for turn = number, #durations, \(subjects.count) do own[#own + 1] = durations[turn] end
                  table.sort(own)
                  local median = own[math.ceil(#own / 2)]
                  io.write(string.format(" %f", median and \(Self.turn - Self.connections) / median or 0))
               end
               io.write("\\n")
            end
            """
        try Data(text.utf8).write(to: script)
        let arguments = [
            "-t1", "-c\(Self.connections)", "-d\(seconds)s", "-s", script.path, "http://127.0.0.1:\(port)",
        ]
        let output = try Self.run(arguments)
        let result = output.split(separator: "\n").first { $0.hasPrefix("RESULT ") }?.split(separator: " ")
        guard let numbers = result?.dropFirst().compactMap({ Double($0) }), numbers.count == 3 + subjects.count
        else { throw BenchmarkError("wrk said: \(output)") }
        guard numbers[0] == 0 else { throw BenchmarkError("\(Int(numbers[0])) of wrk's requests failed") }
        (requestsPerSecond, p99, rates) = (numbers[1], numbers[2], Array(numbers[3...]))
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
