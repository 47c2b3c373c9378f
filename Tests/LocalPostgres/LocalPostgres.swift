import Foundation

/// A PostgreSQL server on a Unix socket, which ends with its owner.
package final class LocalPostgres: Sendable {
    private let folder: URL
    private let programs: URL
    /// Ends when its input does.
    private let process: Process
    private let input = Pipe()

    /// Whether it is on this machine.
    package static var isInstalled: Bool { programs != nil }

    /// Where Debian has the programs, off the PATH.
    private static let programs: URL? = {
        let versions = URL(filePath: "/usr/lib/postgresql")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: versions.path)) ?? []  // Not installed.
        return names.sorted().last.map { versions.appending(path: "\($0)/bin") }
    }()

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private static let script = """
        cd "$0" && "$1/initdb" -D data -U postgres -A trust --no-sync >out 2>&1 &&
        "$1/pg_ctl" -D data -l log -o "-k $0 -c listen_addresses= -c fsync=$2" -w start >>out 2>&1 && echo ready || cat out log
        read end
        "$1/pg_ctl" -D data -m immediate -w stop >/dev/null
        rm -rf "$0"/*
        """

    /// Starts it.
    ///
    /// - Parameter syncs: Whether what it commits is on stable storage.
    package init(syncs: Bool) throws {
        guard let programs = Self.programs else {
            throw Failure(description: "PostgreSQL is not installed; on Debian 'apt-get install postgresql'")
        }
        self.programs = programs
        folder = FileManager.default.temporaryDirectory.appending(path: "pg-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", Self.script, folder.path, programs.path, syncs ? "on" : "off"]
        if getuid() == 0 {
            // The server does not run as root.
            try FileManager.default.setAttributes([.ownerAccountName: "postgres"], ofItemAtPath: folder.path)
            process.executableURL = URL(filePath: "/usr/sbin/runuser")
            process.arguments = ["-u", "postgres", "--", "/bin/sh"] + (process.arguments ?? [])
        }
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let said = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard said == "ready\n" else { throw Failure(description: "PostgreSQL does not start: \(said)") }
    }

    /// Ends it, with all that it has.
    package func stop() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        try FileManager.default.removeItem(at: folder)
    }

    /// A new database.
    ///
    /// - Returns: Its location.
    package func database() throws -> String {
        let name = "db_\(UUID().uuidString.prefix(8).lowercased())"
        let creation = Process()
        creation.executableURL = programs.appending(path: "createdb")
        creation.arguments = ["-h", folder.path, "-U", "postgres", name]
        try creation.run()
        creation.waitUntilExit()
        guard creation.terminationStatus == 0 else { throw Failure(description: "createdb fails") }
        let host = folder.path.replacing("/", with: "%2F")
        return "postgres://postgres@\(host)/\(name)"
    }
}
