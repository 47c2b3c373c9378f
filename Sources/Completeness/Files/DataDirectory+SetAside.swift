package import Foundation
import Records
import Tables

extension DataDirectory {
    /// Moves everything of an inventory to a folder beside it, which no start looks at: all but keys and the audit log. The start
    /// after it finds an empty directory.
    ///
    /// Interrupted, it can be done again, which makes a further folder of the rest.
    ///
    /// - Returns: The folders that have it now; none where there was nothing.
    /// - Throws: ``FolderInUse`` where a server is at work.
    package func setAside(at date: Date) throws -> [URL] {
        let locks = try lockedFolders.map { try FolderLock($0) }
        defer { withExtendedLifetime(locks) {} }
        let name = "aside-\(SnapshotID.text(at: date))"
        var folders: [URL] = []
        func move(_ files: [URL], within folder: URL) throws(DiskError) {
            let there = files.filter { FileManager.default.fileExists(atPath: $0.path) }
            guard !there.isEmpty else { return }
            let aside = folder.appending(path: name)
            try disk.createFolder(aside)
            for file in there { try disk.move(file, to: aside.appending(path: file.lastPathComponent)) }
            folders.append(aside)
        }
        let ids = try SnapshotFolder(snapshots, disk: disk).ids()
        try move(ids.map { snapshots.appending(path: SnapshotFolder.name(of: $0)) }, within: snapshots)
        // The head last: it tells of what is missing.
        try move([changes, adoption, beginning, olderHistory, journal, sharedLog, head], within: path)
        return folders
    }
}
