import Foundation

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#else
    private import Darwin
#endif

/// Keeps a second server away from a folder for as long as it lives; the end of the process ends it too.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// - Throws: ``FolderInUse`` when another process has the lock.
    init(_ folder: URL) throws {
        let file = folder.appending(path: "lock")
        descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DiskError("open", file, errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            close(descriptor)
            guard reason == EWOULDBLOCK else { throw DiskError("lock", file, reason) }
            throw FolderInUse(folder: folder.path)
        }
    }

    deinit {
        close(descriptor)
    }
}

/// Another process has the lock of a folder.
package struct FolderInUse: Error, CustomStringConvertible {
    let folder: String

    package var description: String { "another server is using \(folder); stop it or choose another folder" }
}
