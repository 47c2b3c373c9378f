package import Completeness
import Foundation
package import Records
package import Replication

/// Where the inventory is kept, and how.
package struct StoreConfiguration: Sendable {
    package var directory: DataDirectory
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
    package var loads: Bool
    /// Whether fields that this version does not know are left out; if not, they stop the start.
    package var dropsUnknownFields: Bool
    /// Whether snapshots of earlier starts get the permissions of new ones.
    package var tightensSnapshots = false
    /// Where the keys come from that seal secrets.
    package var credentialKeys = CredentialKeySource.generated
    /// Whether documents come in, so that secrets have to be sealed. If not, a missing key of the server's own is none that was
    /// lost.
    package var takesDocuments = true
    /// The log that the server shares with others; nil where the journal is the log.
    package var sharedLog: SharedLogConfiguration?
    /// Gets, while the journal is read at the start, the bytes that have been read and all there are.
    package var replayProgress: @Sendable (_ done: Int, _ total: Int) -> Void

    package init(
        _ directory: DataDirectory,
        snapshotInterval: Duration? = .seconds(3600),
        retention: Retention? = .standard,
        fsync: FsyncPolicy = .always,
        maximumJournalSize: Int = Self.standardJournalSize,
        transactionLimits: TransactionLimits = .standard,
        searchTimeout: Duration = Self.standardSearchTimeout,
        loads: Bool = true,
        dropsUnknownFields: Bool = false,
        replayProgress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) {
        self.directory = directory
        self.snapshotInterval = snapshotInterval
        self.retention = retention
        self.fsync = fsync
        self.maximumJournalSize = maximumJournalSize
        self.transactionLimits = transactionLimits
        self.searchTimeout = searchTimeout
        self.loads = loads
        self.dropsUnknownFields = dropsUnknownFields
        self.replayProgress = replayProgress
    }

    package static let standardJournalSize = 8_000_000_000
    package static let standardSearchTimeout = Duration.seconds(5)
}
