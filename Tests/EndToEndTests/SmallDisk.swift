import Foundation
import Testing

/// A file system of a few megabytes in memory, which a test can really fill.
final class SmallDisk: Sendable {
    private let folder: URL

    private var ballast: URL { folder.appending(path: "ballast") }

    /// Mounts it on a new folder; nil, loudly, where that is not possible.
    ///
    /// - Parameter size: As mount(8) has it for tmpfs, such as `24m`.
    init?(at folder: URL, size: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let arguments = ["-t", "tmpfs", "-o", "size=\(size)", "tmpfs", folder.path]
        guard geteuid() == 0 else {
            print("*** SKIPPED: only root can mount a file system to fill ***")
            return nil
        }
        guard try Self.run("mount", arguments) == 0 else {
            print("*** SKIPPED: no file system to fill can be mounted here ***")
            return nil
        }
    }

    deinit {
        do {
            // Lazily, since a server that is ending may still have files open on it.
            let status = try Self.run("umount", ["-l", folder.path])
            if status != 0 { Issue.record("umount \(folder.path) ended with \(status)") }
        } catch {
            Issue.record("umount \(folder.path): \(error)")
        }
    }

    /// Writes a file until nothing more fits.
    func fill() throws {
        let descriptor = open(ballast.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        defer { close(descriptor) }
        let block = [UInt8](repeating: 0, count: 1 << 16)
        while write(descriptor, block, block.count) > 0 {}
        guard errno == ENOSPC else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    /// Removes what ``fill()`` wrote.
    func makeRoom() throws {
        try FileManager.default.removeItem(at: ballast)
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> Int32 {
        let (process, _) = try Process.started { process in
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = [program] + arguments
        }
        process.waitUntilExit()
        return process.terminationStatus
    }
}
