import Completeness
import Copies
import Foundation
import Records
import Tables

/// A snapshot elsewhere, that an inventory goes back to or begins with.
struct CopySource {
    private let place: CopyPlace
    private let givenID: String?

    /// - Parameter location: A folder of snapshots or one in S3, or one snapshot there.
    init(_ location: String, _ disk: Disk) throws {
        let (location, id) = CopyPlace.split(location)
        place = try CopyPlace(location, disk)
        givenID = id
    }

    /// The id of the snapshot that is named, or of the newest; nil where there is none.
    private func id() async throws -> String? {
        if let givenID { return givenID }
        return try await place.ids().first
    }

    /// What came of a beginning.
    enum Beginning {
        case begun(id: String, SnapshotManifest)
        /// There is an inventory already.
        case notNeeded
        /// There is no inventory, and no snapshot that it could begin with.
        case noSnapshot
    }

    /// Has an inventory begin with the snapshot where there is none.
    func begin(_ directory: DataDirectory) async throws -> Beginning {
        guard let beginning = try InventoryBeginning(directory) else { return .notNeeded }
        guard let id = try await id() else { return .noSnapshot }
        return .begun(id: id, try await beginning.begin(with: id) { try await place.fetch(id, to: $0) })
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
        let files = try DataFiles(directory)
        try files.check()
        let manifest = try await place.manifest(id)
        guard files.inventory == manifest.inventory else {
            throw CommandError(
                "the snapshot \(id) is of another inventory; only a data directory without one can begin with it"
            )
        }
        guard try manifest.position.map(files.contains) ?? true else {
            throw CommandError(
                "the snapshot \(id) is of another past than \(directory.path.path): it has what is not in the journal "
                    + "there; put that data directory aside to begin with the snapshot"
            )
        }
        try await place.fetch(id, to: folder)
        return id
    }
}
