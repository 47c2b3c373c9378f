package import Foundation
package import ObjectStorage
package import Records
package import Tables

/// Where copies of snapshots are: a folder, or a place in an S3-compatible storage.
package enum CopyPlace: Sendable, CustomStringConvertible {
    case folder(SnapshotFolder)
    case storage(StoredSnapshots)

    /// - Parameters:
    ///   - location: A path, or an address such as `s3://bucket/prefix`.
    ///   - disk: Has the permissions of what is written to a folder.
    /// - Throws: For an address of another kind.
    package init(_ location: String, _ disk: Disk = Disk()) throws(StorageError) {
        if let location = S3Location(location) {
            self = .storage(StoredSnapshots(location))
        } else if S3Location.isMeant(by: location) {
            throw StorageError(description: "the place of copies \(S3Location.fault)")
        } else if location.contains("://") {
            throw StorageError(description: "the place of copies is neither a folder nor s3://BUCKET/PREFIX")
        } else {
            self = .folder(SnapshotFolder(URL(filePath: location, directoryHint: .isDirectory), disk: disk))
        }
    }

    /// A place and the id of a snapshot there, of which the location has the folder's name: `s3://bucket/prefix/snapshot=…`.
    package static func split(_ location: String) -> (location: String, id: String?) {
        let trimmed = location.hasSuffix("/") ? String(location.dropLast()) : location
        guard let slash = trimmed.lastIndex(of: "/"),
            let id = SnapshotFolder.id(ofFolder: String(trimmed[trimmed.index(after: slash)...]))
        else { return (location, nil) }
        return (String(trimmed[..<slash]), id)
    }

    package var description: String {
        switch self {
        case .folder(let folder): folder.path.path
        case .storage(let storage): "\(storage.location)"
        }
    }

    /// The ids of the snapshots that are whole, newest first.
    nonisolated(nonsending) package func ids() async throws -> [String] {
        switch self {
        case .folder(let folder): try folder.ids()
        case .storage(let storage): try await storage.ids()
        }
    }

    /// What the manifest of a snapshot says.
    nonisolated(nonsending) package func manifest(_ id: String) async throws -> SnapshotManifest {
        switch self {
        case .folder(let folder): try folder.snapshot(id).manifest
        case .storage(let storage): try await storage.manifest(id)
        }
    }

    /// Copies a snapshot to the place, where it is whole or not at all.
    nonisolated(nonsending) func put(_ snapshot: Snapshot) async throws {
        switch self {
        case .folder(let folder):
            try await folder.add(snapshot.id) { partial in
                for name in snapshot.manifest.fileNames {
                    try Task.checkCancellation()
                    try FileManager.default.copyItem(
                        at: snapshot.folder.appending(path: name),
                        to: partial.appending(path: name)
                    )
                }
            }
        case .storage(let storage): try await storage.put(snapshot)
        }
    }

    /// Copies a snapshot from the place to a folder of snapshots, where it is whole or not at all.
    nonisolated(nonsending) package func fetch(_ id: String, to folder: SnapshotFolder) async throws {
        let names = try await manifest(id).fileNames
        try await folder.add(id) { partial in
            for name in names { try await fetch(name, of: id, to: partial.appending(path: name)) }
        }
    }

    /// Writes the manifests of all snapshots to a folder of snapshots, several at once.
    package func fetchManifests(to folder: SnapshotFolder) async throws {
        try folder.disk.createFolder(folder.path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, id) in try await ids().enumerated() {
                if index >= Self.fetchesAtOnce { try await group.next() }
                group.addTask {
                    try folder.disk.createFolder(folder.folder(id))
                    try await fetch(
                        Snapshot.manifestName,
                        of: id,
                        to: folder.folder(id).appending(path: Snapshot.manifestName)
                    )
                }
            }
            try await group.waitForAll()
        }
    }

    private static let fetchesAtOnce = 16

    /// Copies a file of a snapshot.
    nonisolated(nonsending) package func fetch(_ name: String, of id: String, to file: URL) async throws {
        switch self {
        case .folder(let folder):
            try FileManager.default.copyItem(at: folder.folder(id).appending(path: name), to: file)
        case .storage(let storage): try await storage.fetch(name, of: id, to: file)
        }
    }

    /// Removes what was begun and never finished, of snapshots that are older than the newest that is whole.
    nonisolated(nonsending) func removePartial() async throws {
        guard let newest = try await ids().first else { return }
        switch self {
        case .folder(let folder):
            for name in try folder.disk.names(in: folder.path) where name.hasPrefix(SnapshotFolder.partialPrefix) {
                let id = String(name.dropFirst(SnapshotFolder.partialPrefix.count))
                if SnapshotID.isValid(id), id < newest { try folder.disk.remove(folder.path.appending(path: name)) }
            }
        case .storage(let storage): try await storage.removePartial(before: newest)
        }
    }

    /// Removes a snapshot; first what makes it look whole.
    nonisolated(nonsending) func remove(_ id: String) async throws {
        switch self {
        case .folder(let folder): try folder.remove(id)
        case .storage(let storage): try await storage.remove(id)
        }
    }
}

extension SnapshotManifest {
    /// The names of the snapshot's files; the manifest's own comes last.
    package var fileNames: [String] { files.keys.sorted() + [Snapshot.manifestName] }
}

extension SnapshotFolder {
    /// Adds a snapshot whose files somebody else writes: it is there when they are whole and on stable storage.
    ///
    /// - Parameter write: Writes the files to the folder that it is given.
    package nonisolated(nonsending) func add(
        _ id: String,
        _ write: nonisolated(nonsending) (URL) async throws -> Void
    ) async throws {
        try disk.createFolder(path)
        let partial = partialFolder(id)
        if FileManager.default.fileExists(atPath: partial.path) { try disk.remove(partial) }
        try disk.createFolder(partial)
        do {
            try await write(partial)
            for name in try disk.names(in: partial) {
                let file = partial.appending(path: name)
                try disk.adopt(file)
                try disk.sync(file)
            }
            try disk.sync(partial)
            try Snapshot(id: id, folder: partial).verify()
            try disk.move(partial, to: folder(id))
        } catch {
            try disk.remove(partial)
            throw error
        }
    }
}
