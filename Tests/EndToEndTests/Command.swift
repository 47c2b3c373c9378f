import Foundation
import RawHTTP
import Schema
import Testing

/// The commands of the program that work on a data folder, and the server that fills one for them.
enum Command {
    /// What a command printed, and how it ended.
    struct Result {
        var status: Int32
        var output: String
        var errors: String
    }

    static func run(
        _ arguments: [String],
        _ workspace: Workspace? = nil,
        environment: [String: String] = [:],
        input: String? = nil
    ) throws -> Result {
        let (process, (output, errors)) = try Process.started { process in
            let (output, errors) = (Pipe(), Pipe())
            if let input {
                // It is less than a pipe holds.
                let pipe = Pipe()
                try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
                try pipe.fileHandleForWriting.close()
                process.standardInput = pipe
            }
            process.executableURL = ServerProcess.program
            process.arguments = arguments + (workspace.map { ["--data-dir", $0.data.path] } ?? [])
            process.environment = environment
            process.standardOutput = output
            process.standardError = errors
            return (output.fileHandleForReading, errors.fileHandleForReading)
        }
        // Of errors there are less than a pipe holds.
        let text = String(decoding: output.readDataToEndOfFile(), as: UTF8.self)
        let complaints = String(decoding: errors.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Result(status: process.terminationStatus, output: text, errors: complaints)
    }

    static func run(_ arguments: String..., in workspace: Workspace) throws -> Result {
        try run(arguments, workspace)
    }

    static func lines(_ result: Result) -> [String] {
        #expect(result.status == 0, "\(result.errors)")
        return result.output.split(separator: "\n").map(String.init)
    }

    static func start(_ workspace: Workspace) async throws -> ServerProcess {
        try await ServerProcess(in: workspace, ["--snapshot-freq", "0"])
    }

    @discardableResult
    static func write(
        _ server: ServerProcess,
        _ method: String,
        _ path: String,
        _ body: String? = nil
    ) throws -> JSONValue {
        let answer = try server.write(method, path, body)
        guard (200..<300).contains(answer.status) else { throw ServerError(output: answer.text) }
        return answer.body.isEmpty ? .null : try JSONValue(parsing: answer.body)
    }

    static func node(_ slot: Int, _ hostname: String) -> String {
        #"{"hostname":"\#(hostname)","xname":"x1000c0s\#(slot)b0n0","architecture":"arm64"}"#
    }

    /// Changes a byte in the middle of a range of a file.
    static func flip(_ file: URL, in range: (Data) -> Range<Int>) throws {
        var bytes = try Data(contentsOf: file)
        let range = range(bytes)
        bytes[(range.lowerBound + range.upperBound) / 2] ^= 1
        try bytes.write(to: file)
    }
}
