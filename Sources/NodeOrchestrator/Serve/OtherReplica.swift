import Foundation
import HTTPSupport
import Journal
import Records
import Schema
import Store
import Tables

/// Another server that shares the log, as one from which this server gets snapshots and journal.
struct OtherReplica {
    let url: String
    let client: ReplicaClient
    let disk: Disk

    /// The snapshots that it has, newest first.
    func snapshots() async throws -> [Retention.Item] {
        try JSONValue(parsing: await client.get("/snapshots", of: url)).array.compactMap { snapshot in
            guard let id = snapshot["id"]?.string, let date = SnapshotID.date(of: id),
                let sequence = snapshot["sequence"]?.int
            else { return nil }
            return Retention.Item(id: id, date: date, sequence: UInt64(clamping: sequence))
        }
    }

    /// A snapshot as its manifest has it.
    struct Offer {
        let id: String
        let manifest: SnapshotManifest
        /// The file of the manifest.
        fileprivate let bytes: [UInt8]
    }

    func snapshot(_ id: String) async throws -> Offer {
        let bytes = try await client.get(Self.path(of: Snapshot.manifestName, in: id), of: url)
        return Offer(id: id, manifest: try SnapshotManifest(json: Data(bytes)), bytes: bytes)
    }

    /// Writes the files of a snapshot to a folder. What they should be is for others to find out.
    ///
    /// - Parameters:
    ///   - known: Snapshots that are here: a file that one of them has, too, is not fetched.
    ///   - progress: Gets the bytes that are there, and all.
    func fetch(
        _ snapshot: Offer,
        to folder: URL,
        sharing known: [Snapshot] = [],
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws {
        var done = 0
        for (name, file) in snapshot.manifest.files.sorted(by: { $0.key < $1.key }) {
            let path = folder.appending(path: name)
            if let other = known.first(where: { $0.manifest.files[name] == file }) {
                try disk.linkOrCopy(other.folder.appending(path: name), to: path)
            } else {
                try await fetch(Self.path(of: name, in: snapshot.id), to: path, atMost: file.size)
            }
            done += file.size
            progress(done, snapshot.manifest.size)
        }
        try disk.create(folder.appending(path: Snapshot.manifestName), snapshot.bytes)
    }

    /// Writes a segment of the journal to a new file.
    ///
    /// - Parameter size: The most that it has, in bytes.
    func fetch(_ segment: OlderSegment, to file: URL, atMost size: Int) async throws {
        let from = segment.first.map { "from=\($0)&" } ?? ""
        try await fetch("/journal?\(from)through=\(segment.end.sequence)", to: file, atMost: size)
    }

    private func fetch(_ path: String, to file: URL, atMost size: Int) async throws {
        if FileManager.default.fileExists(atPath: file.path) { try disk.remove(file) }
        try disk.create(file, [])
        do {
            let handle = try FileHandle(forWritingTo: file)
            try await client.get(path, of: url, atMost: size, to: handle)
            try handle.close()
        } catch {
            // A full disk has room again for what matters more.
            try disk.remove(file)
            throw error
        }
    }

    private static func path(of name: String, in id: String) -> String { "/snapshots/\(id)/files/\(name)" }
}
