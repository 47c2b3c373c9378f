package import Foundation

/// A file with a key that only the server's user can read.
package enum KeyFile {
    /// Bytes of a key.
    private static let length = 32

    /// The key in a file, which is made of random bytes where it does not exist.
    ///
    /// - Returns: The bytes, and whether they are new.
    /// - Throws: As ``key(_:)``, and when the file cannot be made.
    package static func load(_ path: URL) throws(DiskError) -> (key: [UInt8], isNew: Bool) {
        if FileManager.default.fileExists(atPath: path.path) {
            return (try key(path), false)
        }
        var generator = SystemRandomNumberGenerator()
        let key = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
        try Disk().createFolder(path.deletingLastPathComponent(), permissions: 0o700)
        try Disk().replace(path, key, permissions: 0o600)
        return (key, true)
    }

    /// The key in a file that must exist.
    ///
    /// - Throws: When the file cannot be read, is not as long as a key, or when others may read it.
    package static func key(_ path: URL) throws(DiskError) -> [UInt8] {
        let key = try read(path)
        guard key.count == length else {
            throw DiskError(message: "the key file \(path.path) has \(key.count) bytes, not \(length): it is damaged")
        }
        return key
    }

    /// The bytes of a file that only the server's user can read.
    package static func read(_ path: URL) throws(DiskError) -> [UInt8] {
        let mode: Int
        let bytes: [UInt8]
        do {
            mode = try FileManager.default.attributesOfItem(atPath: path.path)[.posixPermissions] as? Int ?? 0
            bytes = Array(try Data(contentsOf: path))
        } catch {
            throw DiskError(message: "cannot read the key file \(path.path): \(error.systemReason)")
        }
        guard mode & 0o077 == 0 else {
            throw DiskError(
                message: "the key file \(path.path) can be read by other users; do: chmod 600 \(path.path)"
            )
        }
        return bytes
    }
}
