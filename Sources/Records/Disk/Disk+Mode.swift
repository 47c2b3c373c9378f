package import Foundation
package import Logging

/// Permissions of what is there already.
extension Disk {
    /// Takes from files and folders, and all that is in those, permissions that they should not give.
    ///
    /// - Parameter what: What they are, for the log, which says where that was needed.
    package func tighten(_ paths: [URL], to mode: FileMode, _ what: String, _ logger: Logger) throws(DiskError) {
        var count = 0
        for path in paths where FileManager.default.fileExists(atPath: path.path) {
            let inside = FileManager.default.enumerator(at: path, includingPropertiesForKeys: nil)
            for file in [path] + (inside?.compactMap { $0 as? URL } ?? []) {
                if try tighten(file, to: mode) { count += 1 }
            }
        }
        guard count > 0 else { return }
        logger.notice(
            "took permissions from files that others could use",
            metadata: ["what": "\(what)", "files": "\(count)", "mode": "\(String(mode.files, radix: 8))"]
        )
    }

    /// - Returns: Whether it had others.
    private func tighten(_ path: URL, to mode: FileMode) throws(DiskError) -> Bool {
        var status = stat()
        guard lstat(path.path, &status) == 0 else { return false }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        guard isFolder || status.st_mode & S_IFMT == S_IFREG else { return false }
        let (now, wanted) = (status.st_mode & 0o777, mode_t(isFolder ? mode.folders : mode.files))
        guard now & ~wanted != 0 else { return false }
        // What decides on the groups of what is made in a folder stays.
        guard chmod(path.path, status.st_mode & 0o7000 | now & wanted) == 0 else {
            throw DiskError("set the permissions of", path, errno)
        }
        return true
    }

    /// Gives a file that another program has made the permissions of those of the store.
    package func adopt(_ path: URL) throws(DiskError) {
        guard chmod(path.path, mode_t(mode.files)) == 0 else {
            throw DiskError("set the permissions of", path, errno)
        }
    }
}
