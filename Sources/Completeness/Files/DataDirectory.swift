package import Foundation
package import Records

/// Where everything is that an inventory keeps on disk.
package struct DataDirectory: Sendable {
    /// The folder of everything that the server keeps.
    package var path: URL
    /// The folder of the snapshots.
    package var snapshots: URL
    /// The file system.
    package var disk: Disk

    /// - Parameter snapshots: Nil for the folder `snapshots` in the data directory.
    package init(_ path: URL, snapshots: URL? = nil, disk: Disk = Disk()) {
        self.path = path
        self.snapshots = snapshots ?? path.appending(path: "snapshots")
        self.disk = disk
    }

    /// The folder of the keys.
    package var keys: URL { path.appending(path: "keys") }
    /// The keys that seal secrets, where the server makes its own.
    package var credentialKey: URL { keys.appending(path: "credential.key") }
    /// The log of who has done what.
    package var audit: URL { path.appending(path: "audit/audit.log") }
    /// The folder of the journal.
    package var journal: URL { path.appending(path: "journal") }
    /// The record of how far the journal has come.
    package var head: URL { path.appending(path: "head") }
    /// Says that the directory belongs to a log which servers share.
    package var sharedLog: URL { path.appending(path: "shared-log") }

    /// The record of what there was of format 1.
    package var adoption: URL { path.appending(path: "adopted.json") }
    /// The record of the snapshot that the inventory begins with, until it has begun.
    package var beginning: URL { path.appending(path: "beginning") }
    /// Says that the history from before the inventory began here is still to come from other servers.
    package var olderHistory: URL { path.appending(path: "older-history") }
    /// Whether that history is still to come.
    package var lacksOlderHistory: Bool { FileManager.default.fileExists(atPath: olderHistory.path) }

    /// The folder of the changes as Parquet, which are made from the journal.
    package var changes: URL { path.appending(path: "changes") }
    /// The folder of what does not fit into memory.
    package var temporary: URL { path.appending(path: "tmp") }

    /// The folders that no other server may be using.
    package var lockedFolders: [URL] {
        path.standardizedFileURL.path == snapshots.standardizedFileURL.path ? [path] : [path, snapshots]
    }
}
