package import Foundation
import Inventory

/// The folder that holds all snapshots, each in a folder of its own named `snapshot=<id>`.
package struct SnapshotFolder: Sendable {
    package let path: URL

    private static let prefix = "snapshot="
    /// What a snapshot is called while it is written.
    private static let partialPrefix = ".partial-"

    package init(_ path: URL) {
        self.path = path
    }

    /// The ids of all snapshots, newest first, the broken ones too.
    ///
    /// Folders whose names are not those of snapshots, such as a copy that somebody made, are nobody's business here.
    package func ids() throws(DiskError) -> [String] {
        try names().filter { $0.hasPrefix(Self.prefix) }.map { String($0.dropFirst(Self.prefix.count)) }
            .filter { $0.utf8.count == Self.idLength && Self.date(of: $0) != nil }
            .sorted(by: >)
    }

    private func names() throws(DiskError) -> [String] {
        guard FileManager.default.fileExists(atPath: path.path) else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path.path)
        } catch {
            throw DiskError(message: "cannot list \(path.path): \(error.localizedDescription)")
        }
    }

    /// A snapshot that is there.
    package func snapshot(_ id: String) throws(SnapshotError) -> Snapshot {
        try Snapshot(id: id, folder: folder(id))
    }

    /// Whether there is a snapshot of that id.
    ///
    /// An id that is not one, such as a path, names none.
    package func contains(_ id: String) throws(DiskError) -> Bool {
        try ids().contains(id)
    }

    /// Where the snapshot of an id is.
    func folder(_ id: String) -> URL { path.appending(path: Self.prefix + id) }

    /// Where the snapshot of an id is while it is being written.
    func partialFolder(_ id: String) -> URL { path.appending(path: Self.partialPrefix + id) }

    /// Removes a snapshot: first its name, so that a crash leaves none that looks whole.
    package func remove(_ id: String) throws(DiskError) {
        let partial = partialFolder(id)
        try Durable.move(folder(id), to: partial)
        try delete(partial)
    }

    /// Removes what a crash has left of snapshots that were being written or removed.
    package func removePartial() throws(DiskError) {
        for name in try names() where name.hasPrefix(Self.partialPrefix) {
            try delete(path.appending(path: name))
        }
    }

    func delete(_ folder: URL) throws(DiskError) {
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            throw DiskError(message: "cannot remove \(folder.path): \(error.localizedDescription)")
        }
    }

    /// An id for a snapshot taken at a time, later than that of any other.
    func newID(at date: Date) throws(DiskError) -> String {
        let newest = try ids().first ?? ""
        var date = date
        while true {
            let id = Self.id(at: date)
            if id > newest { return id }
            // The clock was set back, or two came in one millisecond.
            date = max(date, Self.date(of: newest) ?? date).addingTimeInterval(0.001)
        }
    }

    /// Characters of an id, all of which sort as the times do.
    private static let idLength = "2026-11-24T00-15-55.146Z".utf8.count

    private static let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    static func id(at date: Date) -> String {
        format.format(date).replacing(":", with: "-")
    }

    /// The time at which a snapshot was taken.
    package static func date(of id: String) -> Date? {
        guard let separator = id.firstIndex(of: "T") else { return nil }
        let time = id[separator...].replacing("-", with: ":")
        do {
            return try format.parse("\(id[..<separator])\(time)")
        } catch {
            return nil
        }
    }
}
