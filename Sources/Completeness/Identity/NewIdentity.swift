package import Foundation
import Inventory
import Journal
import Records
import Tables

/// Gives an inventory that belongs to a log which servers share an id of its own, so that nobody takes it for theirs.
///
/// What names the inventory is written anew to a folder beside, then put in place of what was there; the mark of the log goes
/// last. Interrupted at any point, it can be done again.
package struct NewIdentity {
    package let inventory: UUID
    /// Where what was replaced is now.
    package let folders: [URL]

    private let directory: DataDirectory

    /// - Throws: ``FolderInUse`` where a server is at work; ``JournalError`` where something is missing or damaged, before or
    ///   afterwards.
    package init(_ directory: DataDirectory, at date: Date) throws {
        self.directory = directory
        let locks = try directory.lockedFolders.map { try FolderLock($0) }
        defer { withExtendedLifetime(locks) {} }
        let disk = directory.disk
        let made = directory.path.appending(path: "identity")
        if try !disk.names(in: directory.path).contains(made.lastPathComponent) { try Self.make(made, directory) }
        let name = try String(decoding: disk.contents(of: made.appending(path: "inventory")) ?? [], as: UTF8.self)
        guard let inventory = UUID(spelling: name) else {
            throw DiskError(message: "\(made.path) is damaged; remove it, and do this again")
        }
        self.inventory = inventory
        // In place of what was there, each only once.
        let aside = directory.path.appending(path: "aside-\(SnapshotID.text(at: date))")
        for file in [directory.journal, directory.adoption, directory.head] {
            let new = made.appending(path: file.lastPathComponent)
            guard FileManager.default.fileExists(atPath: new.path) else { continue }
            if FileManager.default.fileExists(atPath: file.path) {
                try disk.createFolder(aside)
                try disk.move(file, to: aside.appending(path: file.lastPathComponent))
            }
            try disk.move(new, to: file)
        }
        folders = FileManager.default.fileExists(atPath: aside.path) ? [aside] : []
        let snapshots = SnapshotFolder(directory.snapshots, disk: disk)
        for id in try snapshots.ids() {
            // One of format 1 does not say whose it is, the adoption does.
            guard var manifest = Self.manifest(of: id, in: snapshots), manifest.inventory != nil else { continue }
            manifest.inventory = inventory
            try disk.replace(snapshots.folder(id).appending(path: Snapshot.manifestName), Array(manifest.json))
        }
        // Made of the journal, for the inventory that it was.
        if FileManager.default.fileExists(atPath: directory.changes.path) { try disk.remove(directory.changes) }
        // There is nobody any more to get it from.
        if directory.lacksOlderHistory { try disk.remove(directory.olderHistory) }
        try DataFiles(directory).check()
        try disk.remove(directory.sharedLog)
        try disk.remove(made)
    }

    /// What the manifest of a snapshot says; nil where it cannot be read, so that no start uses the snapshot either.
    private static func manifest(of id: String, in folder: SnapshotFolder) -> SnapshotManifest? {
        do throws(SnapshotError) {
            return try folder.snapshot(id).manifest
        } catch {
            return nil
        }
    }

    /// Writes what names the inventory with another id to a folder, which has its name when all is there.
    private static func make(_ made: URL, _ directory: DataDirectory) throws {
        let disk = directory.disk
        let files = try DataFiles(directory)
        try files.check()
        let inventory = UUID.version7()
        let partial = directory.path.appending(path: "identity.partial")
        if FileManager.default.fileExists(atPath: partial.path) { try disk.remove(partial) }
        try disk.createFolder(partial.appending(path: directory.journal.lastPathComponent))
        for segment in files.segments {
            let file = partial.appending(
                path: "\(directory.journal.lastPathComponent)/\(segment.file.path.lastPathComponent)"
            )
            try segment.file.copy(to: file, of: inventory, on: disk)
        }
        if let head = files.readHead {
            var head = head
            head.inventory = inventory
            _ = try HeadFile(partial.appending(path: directory.head.lastPathComponent), head, on: disk)
        }
        if var adoption = files.readAdoption {
            adoption.inventory = inventory
            try disk.create(partial.appending(path: directory.adoption.lastPathComponent), adoption.line)
        }
        try disk.create(partial.appending(path: "inventory"), Array(inventory.lowercased.utf8))
        try disk.sync(partial)
        try disk.move(partial, to: made)
    }
}
