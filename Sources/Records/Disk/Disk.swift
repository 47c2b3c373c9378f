package import Foundation

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#else
    private import Darwin
#endif

/// The file system as the store writes to it: files are whole or not there, even after the power goes.
package struct Disk: Sendable {
    /// What is asked of the file system.
    package enum Call: String, Sendable, CaseIterable {
        case open, write, sync, rename, link, truncate, remove
    }

    private let fault: (@Sendable (Call, URL) -> Int32?)?
    /// Who may use what is made.
    package var mode: FileMode

    /// - Parameters:
    ///   - mode: Who may use what is made, whatever the umask is.
    ///   - fault: Lets a call fail with a value of `errno`, as disks do; a write then writes half. For tests.
    package init(mode: FileMode = .private, fault: (@Sendable (Call, URL) -> Int32?)? = nil) {
        self.mode = mode
        self.fault = fault
    }

    /// The `errno` with which a call is to fail.
    func failure(of call: Call, _ path: URL) -> Int32? {
        fault?(call, path)
    }

    /// Carries out a call that returns -1 where it fails.
    ///
    /// - Parameter operation: What it does to the file, for the error.
    private func perform(
        _ call: Call,
        _ operation: String,
        _ path: URL,
        _ body: () -> Int32
    ) throws(DiskError) -> Int32 {
        if let code = failure(of: call, path) { throw DiskError(operation, path, code) }
        let result = body()
        guard result >= 0 else { throw DiskError(operation, path, errno) }
        return result
    }

    /// Makes the contents of a file, or the names in a folder, survive a crash.
    package func sync(_ path: URL) throws(DiskError) {
        let descriptor = try perform(.open, "open", path) { open(path.path, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        _ = try perform(.sync, "sync", path) { fsync(descriptor) }
    }

    /// Opens a new file for writing.
    ///
    /// - Parameter permissions: Those of the file; nil for those of all files.
    /// - Throws: Also when the file exists.
    package func newFile(_ path: URL, permissions: UInt32? = nil) throws(DiskError) -> DiskFile {
        let permissions = permissions ?? mode.files
        let descriptor = try perform(.open, "create", path) {
            open(path.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(permissions))
        }
        let file = DiskFile(descriptor, path, on: self)
        guard fchmod(descriptor, mode_t(permissions)) == 0 else {
            throw DiskError("set the permissions of", path, errno)
        }
        return file
    }

    /// Opens a file for writing.
    package func openFile(_ path: URL) throws(DiskError) -> DiskFile {
        let descriptor = try perform(.open, "open", path) { open(path.path, O_WRONLY | O_CLOEXEC) }
        return DiskFile(descriptor, path, on: self)
    }

    /// The bytes of a file; nil where there is none.
    package func contents(of path: URL) throws(DiskError) -> [UInt8]? {
        FileManager.default.fileExists(atPath: path.path) ? try Self.read(path) : nil
    }

    /// The bytes of a file; nil where there is none.
    package static func size(of path: URL) throws(DiskError) -> Int? {
        var status = stat()
        guard stat(path.path, &status) != 0 else { return Int(status.st_size) }
        guard errno == ENOENT else { throw DiskError("look at", path, errno) }
        return nil
    }

    /// Reads a part of a file. A file is never mapped into memory, where one that is cut off ends the process.
    ///
    /// - Returns: As many bytes as there are of those that were asked for.
    package static func read(_ path: URL, from start: Int = 0, count: Int = .max) throws(DiskError) -> [UInt8] {
        let descriptor = open(path.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DiskError("read", path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DiskError("read", path, errno) }
        let wanted = min(count, max(0, Int(status.st_size) - start))
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, done in
            while done < wanted {
                let count = pread(descriptor, buffer.baseAddress! + done, wanted - done, off_t(start + done))
                if count < 0, errno == EINTR { continue }
                if count < 0 { failure = errno }
                guard count > 0 else { return }
                done += count
            }
        }
        if let failure { throw DiskError("read", path, failure) }
        return bytes
    }

    /// Writes a new file.
    ///
    /// - Throws: Also when the file exists.
    package func create(_ path: URL, _ bytes: [UInt8], permissions: UInt32? = nil) throws(DiskError) {
        let file = try newFile(path, permissions: permissions)
        try file.write(bytes)
        try file.sync()
    }

    /// Writes a file in place of another, or a new one: readers see the one or the other, whole.
    package func replace(_ path: URL, _ bytes: [UInt8], permissions: UInt32? = nil) throws(DiskError) {
        let partial = path.appendingPathExtension("partial")
        unlink(partial.path)
        try create(partial, bytes, permissions: permissions)
        try move(partial, to: path)
    }

    /// Makes sure that a path leads to an open file, which somebody may have renamed, replaced or removed.
    static func checkPath(_ path: URL, leadsTo descriptor: Int32) throws(DiskError) {
        var (open, named) = (stat(), stat())
        let failure = stat(path.path, &named) == 0 ? nil : errno
        let isThere = failure == nil
        // What cannot be looked at now may be there all the same.
        guard fstat(descriptor, &open) == 0, isThere || failure == ENOENT || failure == ENOTDIR else { return }
        guard isThere, open.st_dev == named.st_dev, open.st_ino == named.st_ino else {
            throw DiskError(
                message: "\(path.path) is not the one any more that the server has open: put it back and start again",
                reason: "its files were moved or removed"
            )
        }
    }

    /// Gives a file or a folder another name in the same folder, which then survives a crash.
    package func move(_ path: URL, to other: URL) throws(DiskError) {
        _ = try perform(.rename, "rename", path) { rename(path.path, other.path) }
        try sync(other.deletingLastPathComponent())
    }

    /// Gives a file a second name on the same file system.
    package func link(_ path: URL, to other: URL) throws(DiskError) {
        _ = try perform(.link, "link", path) { Foundation.link(path.path, other.path) }
    }

    /// Gives a file a second name, or where that cannot be, copies it.
    package func linkOrCopy(_ path: URL, to other: URL) throws(DiskError) {
        do throws(DiskError) {
            try link(path, to: other)
        } catch {
            do {
                try FileManager.default.copyItem(at: path, to: other)
            } catch {
                throw DiskError(message: "cannot copy \(path.path): \(error.systemReason)")
            }
        }
    }

    /// Makes a name that leads to a file.
    package func symbolicLink(_ path: URL, to other: URL) throws(DiskError) {
        _ = try perform(.link, "link", path) { symlink(path.path, other.path) }
    }

    /// Cuts a file off.
    package func truncate(_ path: URL, to size: Int) throws(DiskError) {
        _ = try perform(.truncate, "cut", path) { Foundation.truncate(path.path, off_t(size)) }
        try sync(path)
    }

    /// Removes a file, or a folder with all that is in it.
    package func remove(_ path: URL) throws(DiskError) {
        if let code = failure(of: .remove, path) { throw DiskError("remove", path, code) }
        do {
            try FileManager.default.removeItem(at: path)
        } catch {
            throw DiskError(message: "cannot remove \(path.path): \(error.systemReason)")
        }
    }

    /// Makes a folder and those above it, where they do not exist; their names then survive a crash.
    ///
    /// - Parameter permissions: What the folder gets; nil for what all folders get. Folders above have what the umask leaves.
    package func createFolder(_ path: URL, permissions: UInt32? = nil) throws(DiskError) {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path.path, isDirectory: &isFolder), isFolder.boolValue { return }
        let parent = path.standardizedFileURL.deletingLastPathComponent()
        try createFolder(parent, permissions: FileMode.open.folders)
        let permissions = mode_t(permissions ?? mode.folders)
        _ = try perform(.open, "create the folder", path) { mkdir(path.path, permissions) }
        if permissions & 0o007 == 0 {
            var status = stat()
            let inherited = stat(path.path, &status) == 0 ? status.st_mode & 0o7000 : 0
            _ = try perform(.open, "set the permissions of", path) { chmod(path.path, inherited | permissions) }
        }
        try sync(parent)
    }

    /// The names in a folder; none where it does not exist.
    package func names(in folder: URL) throws(DiskError) -> [String] {
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path)
        } catch {
            throw DiskError(message: "cannot list \(folder.path): \(error.systemReason)")
        }
    }
}
