package import Foundation

extension InventoryStore {
    /// Where the inventory is kept, and how.
    package struct Configuration: Sendable {
        /// The folder of everything that the server keeps.
        package var dataDirectory: URL
        /// The folder of the snapshots.
        package var snapshotDirectory: URL
        /// Time from one snapshot to the next; nil for none but the last.
        package var snapshotInterval: Duration?
        /// Which snapshots and how much history are kept; nil for all.
        package var retention: Retention?
        /// When the journal is brought to stable storage.
        package var fsync: FsyncPolicy
        /// Bytes beyond which a snapshot is taken and the journal is shortened.
        package var maximumJournalSize: Int
        /// Bytes that a segment of the journal has at least for a snapshot to close it, so that many snapshots do not make
        /// many small segments.
        package var minimumSegmentSize = 1 << 20
        /// What a transaction may come to.
        package var transactionLimits: TransactionLimits
        /// How long a search, or a read of the past, may take.
        package var searchTimeout: Duration
        /// Whether what is on disk is loaded; if not, there must be nothing.
        package var restores: Bool
        /// Whether fields that this version does not know are left out; if not, they stop the start.
        package var dropsUnknownFields: Bool
        /// Whether snapshots of earlier starts get the permissions of new ones.
        package var tightensSnapshots = false
        /// The file system.
        package var disk: Disk
        /// Gets, while the journal is read at the start, the bytes that have been read and all there are.
        package var replayProgress: @Sendable (_ done: Int, _ total: Int) -> Void

        package init(
            dataDirectory: URL,
            snapshotDirectory: URL? = nil,
            snapshotInterval: Duration? = .seconds(3600),
            retention: Retention? = .standard,
            fsync: FsyncPolicy = .always,
            maximumJournalSize: Int = Self.standardJournalSize,
            transactionLimits: TransactionLimits = .standard,
            searchTimeout: Duration = Self.standardSearchTimeout,
            restores: Bool = true,
            dropsUnknownFields: Bool = false,
            disk: Disk = Disk(),
            replayProgress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
        ) {
            self.dataDirectory = dataDirectory
            self.snapshotDirectory = snapshotDirectory ?? dataDirectory.appending(path: "snapshots")
            self.snapshotInterval = snapshotInterval
            self.retention = retention
            self.fsync = fsync
            self.maximumJournalSize = maximumJournalSize
            self.transactionLimits = transactionLimits
            self.searchTimeout = searchTimeout
            self.restores = restores
            self.dropsUnknownFields = dropsUnknownFields
            self.disk = disk
            self.replayProgress = replayProgress
        }

        package static let standardJournalSize = 8_000_000_000
        package static let standardSearchTimeout = Duration.seconds(5)

        /// The folders that no other server may be using.
        var lockedFolders: [URL] {
            let isOne = dataDirectory.standardizedFileURL.path == snapshotDirectory.standardizedFileURL.path
            return isOne ? [dataDirectory] : [dataDirectory, snapshotDirectory]
        }

        /// The folder of the keys.
        package var keyDirectory: URL { dataDirectory.appending(path: "keys") }
        /// The folder of the journal.
        package var journalDirectory: URL { dataDirectory.appending(path: "journal") }
        /// The record of how far the journal has come.
        var headFile: URL { dataDirectory.appending(path: "head") }
        /// The record of what there was of format 1.
        var adoptionFile: URL { dataDirectory.appending(path: "adopted.json") }
        /// The folder of what does not fit into memory.
        var temporaryDirectory: URL { dataDirectory.appending(path: "tmp") }
    }
}
