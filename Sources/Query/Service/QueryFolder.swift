import Foundation
import Inventory
import Records
import Tables

/// The folder that query workers see: the files of snapshots, without sealed secrets, under names of their own, so that they
/// stay however long a statement takes.
///
/// The folder lies among the snapshots, so that a file needs no second copy, and is removed at the next start.
struct QueryFolder: Sendable {
    let snapshots: SnapshotFolder
    private var disk: Disk { snapshots.disk }
    private var path: URL { snapshots.path }

    /// - Parameter original: Where the snapshots are.
    init(of original: SnapshotFolder) throws(DiskError) {
        let path = original.path.appending(path: "\(SnapshotFolder.partialPrefix)query", directoryHint: .isDirectory)
        snapshots = SnapshotFolder(
            URL(filePath: path.standardizedFileURL.path).resolvingSymlinksInPath(),
            disk: original.disk
        )
        try original.disk.createFolder(original.path)
        if FileManager.default.fileExists(atPath: path.path) { try disk.remove(path) }
        try disk.createFolder(path)
    }

    /// Where the folder is.
    var location: String { path.path }

    /// Removes what a worker that is gone has left.
    func removeAnswer(of process: Int32) throws(DiskError) {
        let file = path.appending(path: WorkerSettings.answerName(of: process))
        if FileManager.default.fileExists(atPath: file.path) { try disk.remove(file) }
    }

    /// Gives the workers a snapshot.
    ///
    /// - Throws: ``SnapshotError`` where it is damaged, ``DiskError`` where it is gone.
    func add(_ snapshot: Snapshot) throws {
        guard try !snapshots.contains(snapshot.id) else { return }
        for kind in snapshot.manifest.kinds { try snapshot.verify(kind) }
        let partial = snapshots.partialFolder(snapshot.id)
        if FileManager.default.fileExists(atPath: partial.path) { try disk.remove(partial) }
        try disk.createFolder(partial)
        let names = snapshot.manifest.kinds.map(Snapshot.fileName) + [Snapshot.manifestName]
        for name in names { try add(snapshot.folder.appending(path: name), as: partial.appending(path: name)) }
        try disk.move(partial, to: snapshots.folder(snapshot.id))
    }

    private func add(_ file: URL, as copy: URL) throws(DiskError) {
        do throws(DiskError) {
            try disk.link(file, to: copy)
        } catch {
            // Not every file system has links.
            do {
                try FileManager.default.copyItem(at: file, to: copy)
            } catch {
                throw DiskError(message: "cannot copy \(file.path): \(error.localizedDescription)")
            }
        }
    }

    private static let changesPrefix = "changes-"

    /// Gives the workers files of changes, in place of those that they had.
    ///
    /// - Returns: What they are called in the folder.
    func setChangeFiles(_ files: [URL]) throws(DiskError) -> [String] {
        let names = files.map { Self.changesPrefix + $0.lastPathComponent }
        let present = Set(try disk.names(in: path))
        for (file, name) in zip(files, names) where !present.contains(name) {
            try add(file, as: path.appending(path: name))
        }
        for name in present.subtracting(names) where name.hasPrefix(Self.changesPrefix) {
            try disk.remove(path.appending(path: name))
        }
        return names
    }

    /// Takes away the snapshots that are of no more use.
    func remove(except ids: Set<String>) throws(DiskError) {
        for id in try snapshots.ids() where !ids.contains(id) { try snapshots.remove(id) }
    }
}
