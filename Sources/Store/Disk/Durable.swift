package import Foundation

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#else
    private import Darwin
#endif

/// Writing files so that they are whole or not there, even after the power goes.
package enum Durable {
    /// Makes the contents of a file, or the names in a folder, survive a crash.
    static func sync(_ path: URL) throws(DiskError) {
        let descriptor = open(path.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DiskError("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw DiskError("sync", path) }
    }

    /// Writes a new file.
    ///
    /// - Parameter permissions: The mode of the file, whatever the umask is.
    /// - Throws: Also when the file exists.
    static func create(_ path: URL, _ bytes: [UInt8], permissions: UInt32 = 0o644) throws(DiskError) {
        let descriptor = open(path.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(permissions))
        guard descriptor >= 0 else { throw DiskError("create", path) }
        defer { close(descriptor) }
        guard fchmod(descriptor, mode_t(permissions)) == 0 else { throw DiskError("set the permissions of", path) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw DiskError("write", path) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw DiskError("sync", path) }
    }

    /// Writes a file in place of another, or a new one: readers see the one or the other, whole.
    package static func replace(_ path: URL, _ bytes: [UInt8], permissions: UInt32 = 0o644) throws(DiskError) {
        let partial = path.appendingPathExtension("partial")
        unlink(partial.path)
        try create(partial, bytes, permissions: permissions)
        try move(partial, to: path)
    }

    /// Gives a file or a folder another name in the same folder, which then survives a crash.
    static func move(_ path: URL, to other: URL) throws(DiskError) {
        guard rename(path.path, other.path) == 0 else { throw DiskError("rename", path) }
        try sync(other.deletingLastPathComponent())
    }

    /// Makes a folder and those above it, where they do not exist.
    package static func createFolder(_ path: URL, permissions: Int = 0o755) throws(DiskError) {
        do {
            try FileManager.default.createDirectory(
                at: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: permissions]
            )
        } catch {
            throw DiskError(message: "cannot create the folder \(path.path): \(error.localizedDescription)")
        }
    }
}
