package import Foundation

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#else
    private import Darwin
#endif

/// Keeps a second server away from a folder for as long as it lives; the end of the process ends it too.
///
/// Locked are the folder itself, since whoever removes a file in it does not remove the lock, and a file in it, which is
/// what version 0.1.0 looks at, and file systems that cannot lock a folder have.
package final class FolderLock: Sendable {
    private let folder: URL
    /// Of the folder and of the file, as far as they could be locked.
    private let descriptors: [Int32]

    /// - Throws: ``FolderInUse`` when another process has the lock.
    package init(_ folder: URL) throws {
        self.folder = folder
        var descriptors: [Int32] = []
        do {
            if let descriptor = try Self.lock(folder, folder, O_RDONLY | O_DIRECTORY, isOptional: true) {
                descriptors.append(descriptor)
            }
            let file = Self.file(in: folder)
            if let descriptor = try Self.lock(file, folder, O_RDWR | O_CREAT, isOptional: false) {
                descriptors.append(descriptor)
            }
        } catch {
            descriptors.forEach(Self.unlock)
            throw error
        }
        self.descriptors = descriptors
    }

    deinit {
        descriptors.forEach(Self.unlock)
    }

    /// A program that is just being started has the descriptor too, until it runs: closing it would not be enough.
    private static func unlock(_ descriptor: Int32) {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func file(in folder: URL) -> URL { folder.appending(path: "lock") }

    /// - Parameter isOptional: Whether a file system that cannot lock this is no fault; there is no descriptor then.
    private static func lock(_ path: URL, _ folder: URL, _ flags: Int32, isOptional: Bool) throws -> Int32? {
        let descriptor = open(path.path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DiskError("open", path, errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            close(descriptor)
            if reason == EWOULDBLOCK { throw FolderInUse(folder: folder.path) }
            if isOptional { return nil }
            throw DiskError("lock", path, reason)
        }
        return descriptor
    }

    /// Makes sure that the folder and the file in it are still those that are locked.
    package func check() throws(DiskError) {
        for (descriptor, path) in zip(descriptors.reversed(), [Self.file(in: folder), folder]) {
            try Disk.checkPath(path, leadsTo: descriptor)
        }
    }
}

/// Another process has the lock of a folder.
package struct FolderInUse: Error, CustomStringConvertible {
    let folder: String

    package var description: String { "another server is using \(folder); stop it or choose another folder" }
}
