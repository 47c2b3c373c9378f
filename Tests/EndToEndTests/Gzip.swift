import Foundation

/// The system's gzip, which knows nothing of ours.
enum Gzip {
    /// Runs gzip on bytes.
    private static func run(_ arguments: [String], on bytes: [UInt8]) throws -> [UInt8] {
        let workspace = try Workspace()
        let input = workspace.folder.appending(path: "input.gz")
        let output = workspace.folder.appending(path: "output")
        try Data(bytes).write(to: input)
        try Data().write(to: output)
        let (process, _) = try Process.started { process in
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["gzip", "--stdout"] + arguments + [input.path]
            process.standardOutput = try FileHandle(forWritingTo: output)
        }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ServerError(output: "gzip said \(process.terminationStatus)")
        }
        return try Array(Data(contentsOf: output))
    }

    static func compressed(_ text: String) throws -> [UInt8] { try compressed(Array(text.utf8)) }

    static func compressed(_ bytes: [UInt8]) throws -> [UInt8] { try run(["--force"], on: bytes) }

    static func decompressed(_ bytes: [UInt8]) throws -> [UInt8] { try run(["--decompress"], on: bytes) }
}
