import Foundation

/// Measures the program against what the machine and bare DuckDB can do, in the same run.
///
/// `Benchmarks [NODES]`, where NODES is 250,000 unless told otherwise; `Benchmarks replicas` measures nothing but servers that share
/// a log, and `Benchmarks micro` counts instructions instead.
@main
struct Benchmark {
    static let httpSeconds = 5
    /// How often writes, large answers and the latencies of lookups are measured in turns with what limits them.
    static let turns = 7

    static func main() async throws {
        do {
            switch CommandLine.arguments.dropFirst().first {
            case "micro": return try Micro.run(Array(CommandLine.arguments.dropFirst(2)))
            case "serve": return try await ComparingServer.run(URL(filePath: CommandLine.arguments[2]))
            default: break
            }
        } catch {
            print("stopped: \(error)")
            exit(1)
        }
        let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 250_000
        let isOfReplicas = CommandLine.arguments.dropFirst().first == "replicas"
        let folder = FileManager.default.temporaryDirectory.appending(path: "benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // The system clears its temporary folder.
        var benchmark = Benchmark(folder: folder, count: count)
        do {
            try isOfReplicas ? benchmark.replicas() : benchmark.run()
        } catch {
            print("stopped early: \(error)")
            exit(1)
        }
        print(
            "\n\(count) nodes, \(ProcessInfo.processInfo.activeProcessorCount) processors\n\(benchmark.table.text)"
        )
    }

    let folder: URL
    let count: Int
    var table = Table()

    init(folder: URL, count: Int) {
        self.folder = folder
        self.count = count
    }

    var nodes: URL { folder.appending(path: "nodes.ndjson") }

    private mutating func run() throws {
        try Self.generate(count, to: nodes)
        let server = try load()
        let references = try Self.references(server, count: min(count, 50_000))
        server.stop()
        try server.start(as: .comparing)
        let constant = try lookups(server, references)
        try polls(server)
        server.stop()
        try server.start()
        try search(server, constant: constant)
        try indexedSearches(server, references)
        try everything(server)
        try undisturbed(server, references)
        try writes(server, references)
        server.stop(SIGKILL)
        try restarts(server, references)
        try server.start()
        try queries(server, references, constant: constant)
        server.stop()
        try replicas()
        try growth()
    }

    /// Makes nodes, the same for every run.
    static func generate(_ count: Int, to nodes: URL) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "scripts/generate-nodes", "\(count)", "--seed", "7"]
        try Data().write(to: nodes)
        process.standardOutput = try FileHandle(forWritingTo: nodes)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchmarkError("no nodes were generated") }
        // The disk has nothing left to do.
        sync()
    }

    mutating func add(_ what: String, _ figure: Duration, _ limit: Duration, atMost target: Double) {
        let ratio = figure / limit
        table.add(what, figure.text, limit.text, ratio, "≤ \(target)", isMet: ratio <= target)
    }

    static func inBackground(_ group: DispatchGroup, _ body: @escaping @Sendable () throws -> Void) {
        group.enter()
        Thread.detachNewThread {
            do {
                try body()
            } catch {
                print("work in the background failed: \(error)")
            }
            group.leave()
        }
    }
}
