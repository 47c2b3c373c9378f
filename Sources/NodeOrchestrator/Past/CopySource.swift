import Completeness
import Copies
import Foundation
import ObjectStorage
import Records
import Tables

/// A snapshot elsewhere, that an inventory goes back to or begins with.
struct CopySource {
    private let place: CopyPlace
    private let givenID: String?

    /// - Parameter location: A folder of snapshots or one in S3, or one snapshot there.
    init(_ location: String) {
        let (location, id) = CopyPlace.split(location)
        place = CopyPlace(location, S3Access(environment: ProcessInfo.processInfo.environment))
        givenID = id
    }

    /// The id of the snapshot that is named, or of the newest; nil where there is none.
    func id() async throws -> String? {
        if let givenID { return givenID }
        return try await place.ids().first
    }

    /// Has an inventory begin with the snapshot where there is none.
    ///
    /// - Returns: What it began with; nil where there is an inventory, or no snapshot.
    func begin(_ directory: DataDirectory) async throws -> (id: String, manifest: SnapshotManifest)? {
        guard let beginning = try InventoryBeginning(directory), let id = try await id() else { return nil }
        return (id, try await beginning.begin(with: id) { try await place.fetch(id, to: $0) })
    }

    /// Puts the snapshot among those of the inventory that it is of.
    ///
    /// - Returns: Its id.
    /// - Throws: Where it is of another inventory, or of another past.
    func add(to directory: DataDirectory) async throws -> String {
        guard let id = try await id() else { throw CommandError("there are no snapshots in \(place)") }
        let locks = try directory.lockedFolders.map { try FolderLock($0) }
        defer { withExtendedLifetime(locks) {} }
        let folder = SnapshotFolder(directory.snapshots, disk: directory.disk)
        guard try !folder.contains(id) else { return id }
        let own = try DataFiles(directory).inventory
        let other = try await place.manifest(id).inventory
        guard own == other else {
            throw CommandError(
                "the snapshot \(id) is of another inventory; only a data directory without one can begin with it"
            )
        }
        try await place.fetch(id, to: folder)
        do {
            try DataFiles(directory).check()
        } catch {
            try folder.remove(id)
            throw error
        }
        return id
    }
}
