package import Foundation
package import Records

/// The folder that holds all snapshots, each in a folder of its own named `snapshot=<id>`.
package struct SnapshotFolder: Sendable {
    package let path: URL
    package let disk: Disk
    /// Whose snapshots are looked at; nil for anybody's.
    package var owner: Owner?

    /// The inventory that snapshots are of.
    package struct Owner: Sendable {
        var inventory: UUID
        /// The ids of those of format 1, which do not say it themselves.
        var adopted: Set<String>

        package init(inventory: UUID, adopted: Set<String>) {
            self.inventory = inventory
            self.adopted = adopted
        }
    }

    private static let prefix = "snapshot="
    /// What a snapshot is called while it is written; what has such a name at a start is removed.
    package static let partialPrefix = ".partial-"

    package init(_ path: URL, disk: Disk = Disk()) {
        self.path = path
        self.disk = disk
    }

    /// The ids of all snapshots, newest first, the broken ones too.
    ///
    /// Folders whose names are not those of snapshots, such as a copy that somebody made, are nobody's business here.
    package func ids() throws(DiskError) -> [String] {
        try names().compactMap(Self.id(ofFolder:)).sorted(by: >)
    }

    /// The id of the snapshot in a folder of that name; nil for another name.
    package static func id(ofFolder name: String) -> String? {
        guard name.hasPrefix(prefix) else { return nil }
        let id = String(name.dropFirst(prefix.count))
        return SnapshotID.isValid(id) ? id : nil
    }

    /// The name of the folder of a snapshot.
    package static func name(of id: String) -> String { prefix + id }

    private func names() throws(DiskError) -> [String] {
        try disk.names(in: path)
    }

    /// The snapshots whose manifest can be read, newest first.
    package func readable(_ report: (String, SnapshotError) -> Void = { _, _ in }) throws(DiskError) -> [Snapshot] {
        try ids().compactMap { id in
            do throws(SnapshotError) {
                return try snapshot(id)
            } catch {
                report(id, error)
                return nil
            }
        }
    }

    /// A snapshot that is there.
    package func snapshot(_ id: String) throws(SnapshotError) -> Snapshot {
        let snapshot = try Snapshot(id: id, folder: folder(id))
        if let owner {
            let inventory = snapshot.manifest.inventory
            guard inventory.map({ $0 == owner.inventory }) ?? owner.adopted.contains(id) else { throw .foreign }
        }
        return snapshot
    }

    /// Whether there is a snapshot of that id.
    ///
    /// An id that is not one, such as a path, names none.
    package func contains(_ id: String) throws(DiskError) -> Bool {
        try ids().contains(id)
    }

    /// Whether another folder is this one, by whatever path.
    package func isSame(as other: SnapshotFolder) -> Bool {
        path.standardizedFileURL.resolvingSymlinksInPath().path
            == other.path.standardizedFileURL.resolvingSymlinksInPath().path
    }

    /// Where the snapshot of an id is.
    package func folder(_ id: String) -> URL { path.appending(path: Self.name(of: id)) }

    /// Where the snapshot of an id is while it is being written.
    package func partialFolder(_ id: String) -> URL { path.appending(path: Self.partialPrefix + id) }

    /// Removes a snapshot: first its name, so that a crash leaves none that looks whole.
    package func remove(_ id: String) throws(DiskError) {
        let partial = partialFolder(id)
        try disk.move(folder(id), to: partial)
        try disk.remove(partial)
    }

    /// Removes what a crash has left of snapshots that were being written or removed.
    package func removePartial() throws(DiskError) {
        for name in try names() where name.hasPrefix(Self.partialPrefix) {
            try disk.remove(path.appending(path: name))
        }
    }

    /// An id for a snapshot taken at a time, later than that of any other.
    package func newID(at date: Date) throws(DiskError) -> String {
        let newest = try ids().first ?? ""
        var date = date
        while true {
            let id = SnapshotID.text(at: date)
            if id > newest { return id }
            // The clock was set back, or two came in one millisecond.
            date = max(date, SnapshotID.date(of: newest) ?? date).addingTimeInterval(0.001)
        }
    }
}
