import CSystemShims
package import Foundation

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#else
    private import Darwin
#endif

/// A file that is open for writing at its end; it is closed when the last reference is gone.
package final class DiskFile {
    let path: URL
    private let descriptor: Int32
    private let disk: Disk

    init(_ descriptor: Int32, _ path: URL, on disk: Disk) {
        self.descriptor = descriptor
        self.path = path
        self.disk = disk
    }

    deinit {
        close(descriptor)
    }

    /// Appends bytes; where it throws, any part of them may have been written.
    package func write(_ bytes: [UInt8]) throws(DiskError) {
        let failure = disk.failure(of: .write, path)
        var rest = bytes[...]
        if failure != nil { rest = rest.prefix(bytes.count / 2) }
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw DiskError("write", path, errno) }
            rest = rest.dropFirst(count)
        }
        if let failure { throw DiskError("write", path, failure) }
    }

    /// Writes bytes over what is at an offset.
    package func write(_ bytes: [UInt8], at offset: Int) throws(DiskError) {
        if let failure = disk.failure(of: .write, path) { throw DiskError("write", path, failure) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw DiskError("write", path, errno) }
            done += count
        }
    }

    /// Makes sure that a path leads to the file, which somebody may have renamed, replaced or removed.
    package func check(_ path: URL) throws(DiskError) {
        try Disk.checkPath(path, leadsTo: descriptor)
    }

    /// Returns once what was written is on stable storage.
    package func sync() throws(DiskError) {
        if let failure = disk.failure(of: .sync, path) { throw DiskError("sync", path, failure) }
        guard no_fdatasync(descriptor) == 0 else { throw DiskError("sync", path, errno) }
    }

    /// Cuts off what is beyond a size; a later write appends there.
    package func truncate(to size: Int) throws(DiskError) {
        if let failure = disk.failure(of: .truncate, path) { throw DiskError("cut", path, failure) }
        guard ftruncate(descriptor, off_t(size)) == 0, lseek(descriptor, off_t(size), SEEK_SET) >= 0 else {
            throw DiskError("cut", path, errno)
        }
    }
}
