import Foundation
package import ObjectStorage
import Records
import Tables

/// Snapshots in an S3-compatible storage, each below `snapshot=<id>/` like in a folder. One without its manifest, which is
/// written last and removed first, is not whole.
package struct StoredSnapshots: Sendable {
    package let location: S3Location
    private let client: S3Client

    init(_ location: S3Location) {
        self.location = location
        // Keys that are good for a while are replaced meanwhile.
        client = S3Client { S3Access(environment: ProcessInfo.processInfo.environment) }
    }

    private func key(_ id: String, _ name: String) -> String {
        let path = "\(SnapshotFolder.name(of: id))/\(name)"
        return location.prefix.isEmpty ? path : "\(location.prefix)/\(path)"
    }

    /// The ids and names of all objects that are files of snapshots.
    ///
    /// - Parameter id: Of the one snapshot that is wanted; nil for all.
    private func files(of id: String? = nil) async throws -> [(id: String, name: String)] {
        let start = location.prefix.isEmpty ? "" : "\(location.prefix)/"
        let prefix = start + SnapshotFolder.name(of: id.map { "\($0)/" } ?? "")
        return try await client.list(prefix, in: location.bucket).compactMap { key in
            let parts = key.dropFirst(start.count).split(separator: "/", omittingEmptySubsequences: false)
            guard key.hasPrefix(start), parts.count == 2, let id = SnapshotFolder.id(ofFolder: String(parts[0])) else {
                return nil
            }
            return (id, String(parts[1]))
        }
    }

    func ids() async throws -> [String] {
        try await files().filter { $0.name == Snapshot.manifestName }.map(\.id).sorted(by: >)
    }

    func manifest(_ id: String) async throws -> SnapshotManifest {
        try SnapshotManifest(json: Data(await client.get(key(id, Snapshot.manifestName), in: location.bucket)))
    }

    func put(_ snapshot: Snapshot) async throws {
        for (name, file) in snapshot.manifest.files.sorted(by: { $0.key < $1.key }) {
            try Task.checkCancellation()
            try await client.put(
                snapshot.folder.appending(path: name),
                size: file.size,
                sha256: file.sha256,
                as: key(snapshot.id, name),
                in: location.bucket
            )
        }
        let manifest = try Disk.read(snapshot.folder.appending(path: Snapshot.manifestName))
        try await client.put(manifest, as: key(snapshot.id, Snapshot.manifestName), in: location.bucket)
    }

    func fetch(_ name: String, of id: String, to file: URL) async throws {
        try await client.get(key(id, name), in: location.bucket, to: file)
    }

    func remove(_ id: String) async throws {
        try await client.delete(key(id, Snapshot.manifestName), in: location.bucket)
        for file in try await files(of: id) {
            try await client.delete(key(id, file.name), in: location.bucket)
        }
    }

    /// Removes what was begun and never finished, of snapshots before one.
    func removePartial(before newest: String) async throws {
        let files = try await files()
        let whole = Set(files.filter { $0.name == Snapshot.manifestName }.map(\.id))
        for file in files where !whole.contains(file.id) && file.id < newest {
            try await client.delete(key(file.id, file.name), in: location.bucket)
        }
    }
}
