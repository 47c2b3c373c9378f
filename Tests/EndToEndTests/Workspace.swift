import Foundation

/// A folder that goes with its owner.
final class Workspace: Sendable {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "node-orchestrator-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)  // The system clears its temporary folder.
    }

    var data: URL { folder.appending(path: "data") }

    /// Takes a copy of a data directory from the repository, which keeps no modes.
    func copyData(from original: URL) throws {
        try FileManager.default.copyItem(at: original, to: data)
        let keys = data.appending(path: "keys")
        for name in try FileManager.default.contentsOfDirectory(atPath: keys.path) {
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600],
                ofItemAtPath: keys.appending(path: name).path
            )
        }
    }

    /// Writes a file and returns its path.
    func file(_ name: String, _ text: String) throws -> String {
        let file = folder.appending(path: name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        return file.path
    }

    /// The contents of every file below the folder.
    var everyFile: [(path: String, bytes: Data)] {
        get throws {
            let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            return try paths.compactMap { path in
                let file = folder.appending(path: path)
                guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { return nil }
                return (path, try Data(contentsOf: file))
            }
        }
    }
}
