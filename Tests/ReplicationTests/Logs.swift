import Foundation
import Inventory
import Journal
import Logging
import PostgreSQL
import Records
import Replication
import TestSupport

extension JournalWriter {
    /// An empty log in the files of a folder.
    convenience init(
        in folder: URL,
        inventory: UUID = .version7(),
        policy: FsyncPolicy = .always,
        disk: Disk = Disk()
    ) throws {
        let path = folder.appending(path: "journal")
        try disk.createFolder(path)
        let recovery = JournalRecovery(tip: .beginning, next: 1, segments: [], stretches: [])
        try self.init(
            PublishedJournal(JournalFolder(path, disk: disk), recovery),
            recovery,
            inventory: inventory,
            head: nil,
            headPath: folder.appending(path: "head"),
            policy: policy
        )
    }
}

extension ReplicatedLog {
    /// A server that shares a log, with an empty folder; the log is founded where it is new.
    convenience init(
        in folder: URL,
        sharing location: String,
        name: String = "a",
        lease: Duration = .seconds(5),
        keepFor: Duration = .seconds(86_400),
        snapshot: UInt64 = 0,
        disk: Disk = Disk()
    ) throws {
        let configuration = SharedLogConfiguration(
            try PostgresLocation(location),
            name: name,
            url: "http://\(name):8080",
            lease: lease,
            keepFor: keepFor
        )
        let start = try LogStart(configuration)
        let inventory = try start.inventory(local: nil) ?? .version7()
        _ = try start.join(inventory, at: .beginning, keys: ["k"], keyFile: folder.appending(path: "key"))
        let status = ReplicaStatus(
            url: configuration.url,
            logger: Logger(label: name) { _ in SwiftLogNoOpLogHandler() }
        )
        status.hasSnapshot(through: snapshot)
        self.init(configuration, local: try JournalWriter(in: folder, inventory: inventory, disk: disk), status: status)
    }
}

extension TransactionLog {
    /// All transactions that count behind a point.
    func all(beyond point: ChainPoint) async throws -> [(record: JournalRecord, point: ChainPoint)] {
        var all: [(record: JournalRecord, point: ChainPoint)] = []
        while case let found = try await beyond(all.last?.point ?? point), !found.isEmpty { all += found }
        return all
    }
}
