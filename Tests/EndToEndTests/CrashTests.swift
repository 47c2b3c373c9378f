import Foundation
import RawHTTP
import Schema
import TestSupport
import Testing

@Suite("A crash", .timeLimit(.minutes(60)))
struct CrashTests {
    private static let writerCount = 8

    /// What the test remembers from one start of the program to the next.
    private struct Run {
        var generator: SeededGenerator
        let ledger = CrashLedger()
        var writers: [CrashWriter] = []

        init(_ generator: SeededGenerator) {
            self.generator = generator
            for number in 0..<writerCount {
                let seed = self.generator.next()
                writers.append(CrashWriter(cabinet: 1000 + number, seed: seed, ledger: ledger))
            }
        }

        var problems: [String] { writers.flatMap(\.problems) }

        /// Options of the next start.
        ///
        /// - Parameter isSynced: Whether each write is to be on the disk, and in the head, before it is answered.
        mutating func options(isSynced: Bool) -> [String] {
            var options = ["--log-level", "warning"]
            options += ["--snapshot-freq", Bool.random(using: &generator) ? "1s" : "0"]
            if Bool.random(using: &generator) { options += ["--snapshot-keep", "2"] }
            if Bool.random(using: &generator) { options += ["--journal-max-size", "1MB"] }
            // The end of a process takes nothing from the system's cache, whatever is synced.
            let policy = ["always", "interval:1s", "never"].randomElement(using: &generator) ?? "always"
            options += ["--fsync", isSynced ? "always" : policy]
            return options
        }

        /// Compares what the server has with what every writer knows.
        ///
        /// - Returns: What belongs to no writer, and should not be.
        mutating func compare(with server: ServerProcess) throws -> [String] {
            var found = Array(repeating: CrashWriter.Found(), count: writers.count)
            var strangers: [String] = []
            for path in ["/ComputeNode", "/BMC"] {
                let answer = try server.request("GET", path)
                let json = try JSONValue(parsing: answer.body)
                // So that comparing what is written from the parsed array compares bytes.
                if json.bytes != answer.body { strangers.append("\(path) is not written as this project writes JSON") }
                for resource in json.array {
                    let xname = resource["xname"]?.string ?? ""
                    guard let owner = writers.firstIndex(where: { $0.owns(xname) }),
                        found[owner].documents.updateValue(resource.text, forKey: xname) == nil
                    else {
                        strangers.append("nobody created \(resource.text)")
                        continue
                    }
                    found[owner].ids[xname] = resource["id"]?.string
                }
            }
            for index in writers.indices { try writers[index].compare(with: found[index], port: server.port) }
            ledger.restart()
            return strangers
        }

        /// Has everybody write until the server is killed.
        ///
        /// - Returns: For how many milliseconds they could.
        mutating func write(to server: ServerProcess) async throws -> Int {
            let ledger = ledger
            let token = try server.clientToken()
            let port = server.port
            let time = Int.random(in: 20...400, using: &generator)
            let takesSnapshots = Bool.random(using: &generator)
            async let killing: Void = onThread {
                Thread.sleep(forTimeInterval: Double(time) / 1000)
                ledger.kill()
                _ = server.stop(SIGKILL)
            }
            async let snapshots: Void = onThread {
                if takesSnapshots { CrashTests.takeSnapshots(port: port, token: token) }
            }
            let before = writers
            writers = try await withThrowingTaskGroup(of: (Int, CrashWriter).self) { group in
                for (index, writer) in before.enumerated() {
                    group.addTask {
                        try await onThread {
                            var writer = writer
                            writer.write(port: port, token: token)
                            return (index, writer)
                        }
                    }
                }
                return try await group.reduce(into: before) { $0[$1.0] = $1.1 }
            }
            _ = try await (killing, snapshots)
            return time
        }
    }

    /// Takes one snapshot after the other until the server dies, so that it dies while one is taken.
    private static func takeSnapshots(port: Int, token: String) {
        do {
            let connection = try HTTPConnection(port: port)
            while true { _ = try connection.request("POST", "/snapshots", token: token) }
        } catch {
            // The server was killed.
        }
    }

    /// What was found not to be as it must.
    private struct Problems: Error, CustomStringConvertible {
        let description: String
    }

    @Test("loses no acknowledged write, leaves nothing half-done, and makes no id or number come twice")
    func kill() async throws {
        let rounds = try #require(Int(ProcessInfo.processInfo.environment["CRASH_ROUNDS"] ?? "5"))
        let generator = SeededGenerator()
        tell("A crash: \(generator)")
        let workspace = try Workspace()
        do {
            try await kill(rounds, in: workspace, generator)
        } catch {
            let kept = FileManager.default.temporaryDirectory.appending(path: "crash-test-\(generator.seed)")
            try FileManager.default.copyItem(at: workspace.data, to: kept)
            Issue.record("\(generator), data kept in \(kept.path): \(error)")
        }
    }

    private func kill(_ rounds: Int, in workspace: Workspace, _ generator: SeededGenerator) async throws {
        var run = Run(generator)
        var total = 0
        // What a vandal finds has been synced.
        var isVandalised = false
        for round in 0..<rounds {
            let willBeVandalised = Bool.random(using: &run.generator)
            let options = run.options(isSynced: willBeVandalised)
            let moment = "round \(round + 1)/\(rounds)"
            if isVandalised { try await vandalise(workspace, options, moment, &run) }
            isVandalised = willBeVandalised
            let started = ContinuousClock.now
            let server = try await ServerProcess(in: workspace, options)
            let start = Int((ContinuousClock.now - started) / .milliseconds(1))
            try check(try run.compare(with: server) + run.problems, "\(moment), started with \(options)", server)
            let time = try await run.write(to: server)
            let acknowledged = run.writers.map(\.acknowledged).reduce(0, +)
            total += acknowledged
            let inFlight = run.writers.count { $0.inFlight != nil }
            tell(
                """
                \(moment): killed after \(time) ms, \(acknowledged) acknowledged, \(inFlight) in flight, \
                start \(start) ms
                """
            )
            try check(run.problems, "\(moment), running with \(options)", server)
        }
        let server = try await ServerProcess(in: workspace)
        try check(try run.compare(with: server) + run.problems, "after the last round", server)
        #expect(total > 0 || rounds == 0)
        #expect(server.stop() == 0)
        let verified = try ServerProcess.run("journal", "verify", "--data-dir", workspace.data.path)
        #expect(verified.status == 0, "\(verified.output)")
    }

    /// Does something to a file before a start, which must have all that was acknowledged, or refuse and name the file. Then
    /// the file is put back.
    private func vandalise(_ workspace: Workspace, _ options: [String], _ moment: String, _ run: inout Run) async throws
    {
        let older = workspace.folder.appending(path: "older")
        let aside = workspace.folder.appending(path: "aside")
        let hasOlder = FileManager.default.fileExists(atPath: older.path)
        let vandal = try CrashVandal(workspace.data, older: hasOlder ? older : nil, aside: aside, using: &run.generator)
        guard let vandal else { return }
        do {
            let server = try await ServerProcess(in: workspace, options)
            tell("\(moment): \(vandal.deed); it starts")
            try check(try run.compare(with: server) + run.problems, "\(moment), after somebody \(vandal.deed)", server)
            _ = server.stop(SIGKILL)
            try vandal.forget()
        } catch let refusal as ServerError {
            tell("\(moment): \(vandal.deed); it refuses")
            guard vandal.names.contains(where: refusal.output.contains) else {
                throw Problems(description: "\(moment), after somebody \(vandal.deed): \(refusal)")
            }
            try vandal.undo()
        }
        if hasOlder { try FileManager.default.removeItem(at: older) }
        try FileManager.default.copyItem(at: workspace.data, to: older)
    }

    private func check(_ problems: [String], _ moment: String, _ server: ServerProcess) throws(Problems) {
        if problems.isEmpty { return }
        _ = server.stop(SIGKILL)
        let text = problems.prefix(10).joined(separator: "\n")
        throw Problems(description: "\(moment):\n\(text)\nthe program said: \(server.log)")
    }

    /// Prints a line at once, for who watches many rounds.
    private func tell(_ line: String) {
        print(line)
        fflush(nil)
    }
}
