import Foundation
import Testing

/// The program on a terminal of its own.
final class Terminal {
    private let process: Process
    /// The end of the terminal that a user sits at.
    private let user: FileHandle
    private var output = ""

    private static let patience: Int32 = 120_000

    init(_ arguments: [String], _ environment: [String: String]) throws {
        (process, user) = try Process.started { process in
            var (descriptor, other): (Int32, Int32) = (-1, -1)
            guard openpty(&descriptor, &other, nil, nil, nil) == 0 else { throw CocoaError(.fileNoSuchFile) }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let program = FileHandle(fileDescriptor: other, closeOnDealloc: true)
            process.executableURL = ServerProcess.program
            process.arguments = arguments
            process.environment = environment
            process.standardInput = program
            process.standardOutput = program
            process.standardError = program
            return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        }
    }

    func type(_ text: String) throws { try user.write(contentsOf: Data(text.utf8)) }

    /// What Ctrl-C does to a program in the foreground.
    func interrupt() throws { kill(process.processIdentifier, SIGINT) }

    /// Waits for a text, and forgets what came before it.
    func awaitOutput(_ text: String) throws {
        while true {
            if let found = output.range(of: text) {
                output.removeSubrange(..<found.upperBound)
                return
            }
            var waiting = pollfd(fd: user.fileDescriptor, events: Int16(POLLIN), revents: 0)
            var bytes = [UInt8](repeating: 0, count: 4096)
            guard poll(&waiting, 1, Self.patience) == 1 else {
                throw ServerError(output: "there is no \(text) in: \(output)")
            }
            let count = read(user.fileDescriptor, &bytes, bytes.count)
            guard count > 0 else { throw ServerError(output: "the end comes without \(text): \(output)") }
            output += String(decoding: bytes[..<count], as: UTF8.self)
        }
    }

    func end() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
}
