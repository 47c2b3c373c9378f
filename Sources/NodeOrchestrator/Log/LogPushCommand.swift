import ArgumentParser
import Completeness
import Foundation
import Journal
import Records
import Replication
import Store

/// Puts back what a log has lost.
struct LogPushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Put transactions back into a log that has lost them, while the server that has them is stopped.",
        discussion: """
            After a failover to a standby that lacked them. The log's last transaction must be one that this server has, too: \
            where others have gone on from there, only replicas reset is left. Nothing is put back twice.
            """,
        examples: ["log push --data-dir /var/lib/node-orchestrator --log postgres://inventory@db1,db2/inventory"]
    )

    @OptionGroup
    var store: StoreOptions

    @OptionGroup
    var log: LogOptions

    func run() async throws {
        let directory = try store.existing()
        let locks = try directory.lockedFolders.map { try FolderLock($0) }
        defer { withExtendedLifetime(locks) {} }
        let files = try DataFiles(directory)
        try files.check()
        guard let inventory = files.inventory else {
            throw CommandError("there is no inventory in \(directory.path.path)")
        }
        let journal = try OfflineHistory(directory).journal
        let pushed: ClosedRange<UInt64>?
        do {
            pushed = try log.withLog { try $0.push(inventory, journal) }
        } catch let error as ForeignPoint {
            throw CommandError(
                "the log ends at transaction \(error.point.sequence), which this server does not have or has otherwise: it is not what "
                    + "the log has lost. To take what the log has, and set aside what is here: node-orchestrator replicas reset"
            )
        }
        guard let pushed else { return print("the log has all that this server has") }
        print("the log has the transactions \(pushed.lowerBound) to \(pushed.upperBound) again")
    }
}
