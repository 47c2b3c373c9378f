import Foundation
package import ObjectStorage
import Records
import Tables

/// Snapshots in an S3-compatible storage, each below `snapshot=<id>/` like in a folder. One without its manifest, which is
/// written last and removed first, is not whole.
package struct StoredSnapshots: Sendable {
    package let location: S3Location
    private let client: S3Client

    init(_ location: S3Location, _ access: S3Access) {
        self.location = location
        client = S3Client(access)
    }

    private func key(_ id: String, _ name: String) -> String {
        let path = "\(SnapshotFolder.name(of: id))/\(name)"
        return location.prefix.isEmpty ? path : "\(location.prefix)/\(path)"
    }

    /// The ids and names of all objects that are files of snapshots.
    private func files() async throws -> [(id: String, name: String)] {
        let start = location.prefix.isEmpty ? "" : "\(location.prefix)/"
        return try await client.list(location).compactMap { key in
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
        for file in try await files() where file.id == id {
            try await client.delete(key(id, file.name), in: location.bucket)
        }
    }

    /// Removes what was begun and never finished.
    ///
    /// - Parameter isWanted: Whether a snapshot is still being copied.
    func removePartial(unless isWanted: (String) -> Bool) async throws {
        let files = try await files()
        let whole = Set(files.filter { $0.name == Snapshot.manifestName }.map(\.id))
        for file in files where !whole.contains(file.id) && !isWanted(file.id) {
            try await client.delete(key(file.id, file.name), in: location.bucket)
        }
    }
}
