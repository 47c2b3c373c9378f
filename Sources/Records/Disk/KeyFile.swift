package import Foundation
package import GuardedFiles

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
        try key(try read(path), of: path)
    }

    /// The bytes of a file, which are a key.
    ///
    /// - Throws: When they are not as many as those of a key.
    package static func key(_ bytes: [UInt8], of path: URL) throws(DiskError) -> [UInt8] {
        guard bytes.count == length else {
            throw DiskError(message: "the key file \(path.path) has \(bytes.count) bytes, not \(length): it is damaged")
        }
        return bytes
    }

    /// The bytes of a file that only the server's user can read.
    package static func read(_ path: URL) throws(DiskError) -> [UInt8] {
        do throws(GuardedFileError) {
            return try guarded(path).read().bytes
        } catch {
            throw DiskError(message: error.description, reason: error.reason)
        }
    }

    /// The file, so that it can be read again.
    package static func guarded(_ path: URL) -> GuardedFile {
        GuardedFile(path, "key file", guarded: .fromOthers)
    }
}
