import DuckDB
import Foundation
import Inventory
import Records
import Tables

/// The folder that query workers see: the files of snapshots, without sealed secrets, under names of their own, so that they
/// stay however long a statement takes.
///
/// That of a server lies among the snapshots, so that a file needs no second copy, and what a crash leaves of it goes at the
/// next start.
struct QueryFolder: Sendable {
    /// What all workers read.
    let snapshots: SnapshotFolder
    /// The snapshots that links in it lead to; nil where its files have second names there instead.
    private let original: SnapshotFolder?
    private let root: URL
    private let answers: URL
    private var disk: Disk { snapshots.disk }
    private var path: URL { snapshots.path }

    /// The folder of a server, which is the only one of its snapshots; what there was of it is removed.
    init(ofServerWith original: SnapshotFolder) throws(DiskError) {
        try original.disk.createFolder(original.path)
        let root = original.path.appending(path: "\(SnapshotFolder.partialPrefix)query")
        if FileManager.default.fileExists(atPath: root.path) { try original.disk.remove(root) }
        try self.init(root, linkingTo: nil, disk: original.disk)
    }

    /// A temporary folder, for one who reads the files of an inventory and changes nothing beside them.
    ///
    /// - Parameter original: The snapshots that it is to have.
    init(linkingTo original: SnapshotFolder) throws(DiskError) {
        let name = "node-orchestrator-query-\(UUID().lowercased)"
        try self.init(
            FileManager.default.temporaryDirectory.appending(path: name),
            linkingTo: original,
            disk: Disk()
        )
    }

    private init(_ path: URL, linkingTo original: SnapshotFolder?, disk: Disk) throws(DiskError) {
        root = Self.realPath(path.deletingLastPathComponent()).appending(path: path.lastPathComponent)
        self.original = original
        snapshots = SnapshotFolder(root.appending(path: "tables"), disk: disk)
        answers = root.appending(path: "answers")
        for folder in [root, snapshots.path, answers] { try disk.createFolder(folder) }
    }

    /// The workers' walls go by the real path.
    private static func realPath(_ path: URL) -> URL {
        URL(filePath: path.standardizedFileURL.path).resolvingSymlinksInPath()
    }

    /// The files that links here lead to, or will: tables without sealed secrets, which stand in files of their own.
    func linkedFiles() throws(DiskError) -> [String] {
        guard let original else { return [] }
        return try original.readable().filter { $0.manifest.format != DiskFormat.first }.flatMap { snapshot in
            snapshot.manifest.kinds.compactMap(snapshot.file).map { Self.realPath($0).path }
        }
    }

    /// Where files of changes are made where a server's are not there.
    var ownChanges: URL { root.appending(path: "changes") }

    /// Removes the folder.
    func remove() throws(DiskError) { try disk.remove(root) }

    /// Where workers read.
    var location: String { path.path }

    /// Makes a folder for the answers of one worker.
    func makeAnswers() throws(DiskError) -> URL {
        let folder = answers.appending(path: UUID().lowercased)
        try disk.createFolder(folder)
        return folder
    }

    /// Removes the folder of a worker that is gone.
    func removeAnswers(_ folder: URL) throws(DiskError) { try disk.remove(folder) }

    /// Gives the workers a snapshot.
    ///
    /// - Parameter fetch: Gets its files from elsewhere; nil where they are here.
    /// - Throws: ``SnapshotError`` where it is damaged, ``DiskError`` where it is gone.
    func add(
        _ snapshot: Snapshot,
        _ fetch: QuerySource.FetchFile?,
        isolation: isolated (any Actor)? = #isolation
    ) async throws {
        guard try !snapshots.contains(snapshot.id) else { return }
        let partial = snapshots.partialFolder(snapshot.id)
        if FileManager.default.fileExists(atPath: partial.path) { try disk.remove(partial) }
        try disk.createFolder(partial)
        for kind in snapshot.manifest.kinds {
            let name = Snapshot.fileName(of: kind)
            let copy = partial.appending(path: name)
            var file = snapshot.folder.appending(path: name)
            if let fetch {
                // Not among what workers read: of format 1 it has secrets.
                file = root.appending(path: "fetched-\(UUID().lowercased)")
                try await fetch(name, snapshot.id, file)
            }
            defer { if fetch != nil { unlink(file.path) } }
            try snapshot.verifyTable(of: kind, at: file)
            if snapshot.manifest.format == DiskFormat.first {
                try Self.copyWithoutSecrets(file, to: copy)
                try disk.adopt(copy)
            } else if original != nil, fetch == nil {
                try disk.symbolicLink(Self.realPath(file), to: copy)
            } else {
                try disk.linkOrCopy(file, to: copy)
            }
        }
        let manifest = snapshot.folder.appending(path: Snapshot.manifestName)
        try disk.linkOrCopy(manifest, to: partial.appending(path: Snapshot.manifestName))
        try disk.move(partial, to: snapshots.folder(snapshot.id))
    }

    /// Format 1 has sealed secrets beside the fields.
    private static func copyWithoutSecrets(_ file: URL, to copy: URL) throws {
        let database = try Database(configuration: ["autoinstall_known_extensions": "false"])
        let columns = "COLUMNS(c -> c <> \(ResourceTable.secretsColumn.quotedLiteral))"
        try database.connect().execute(
            "COPY (SELECT \(columns) FROM read_parquet(\(file.path.quotedLiteral), hive_partitioning = false)) "
                + "TO \(copy.path.quotedLiteral) (FORMAT parquet, COMPRESSION zstd)"
        )
    }

    private static let changesPrefix = "changes-"

    /// Gives the workers files of changes.
    ///
    /// - Returns: What they are called in the folder.
    /// - Throws: ``DiskError`` where one is gone.
    func add(changes files: [URL]) throws(DiskError) -> [String] {
        let names = files.map { Self.changesPrefix + $0.lastPathComponent }
        let present = Set(try disk.names(in: path))
        for (file, name) in zip(files, names) where !present.contains(name) {
            try disk.linkOrCopy(file, to: path.appending(path: name))
        }
        return names
    }

    /// Takes away the files of changes that are of no more use.
    func removeChanges(except names: Set<String>) throws(DiskError) {
        for name in try disk.names(in: path) where name.hasPrefix(Self.changesPrefix) && !names.contains(name) {
            try disk.remove(path.appending(path: name))
        }
    }

    /// Takes away the snapshots that are of no more use.
    func remove(except ids: Set<String>) throws(DiskError) {
        for id in try snapshots.ids() where !ids.contains(id) { try snapshots.remove(id) }
    }
}
