package import Foundation
package import PostgreSQL
package import Records

/// Why a log that servers share cannot be used.
package enum LogError: Error, Sendable, CustomStringConvertible {
    /// The log cannot be read, and the data directory is empty.
    case outOfReach(PostgresError)
    /// The tables are another version's.
    case otherVersion(Int64, known: Int64)
    /// The lines are another version's.
    case otherFormat(Int64, known: Int64)
    /// The data directory has another inventory.
    case otherInventory(log: UUID, local: UUID)
    /// The log is new, and the data directory is not.
    case notEmpty
    /// The data directory belongs to a log, and is to be used without it; the file says to which.
    case belongsToLog(URL)
    /// Keys are missing that have sealed what is in the log.
    case missingKeys([String], file: URL)
    /// The secret is missing with which the other servers sign tokens.
    case missingTokenKey(URL)
    /// Somebody else leads; nobody where the name is nil.
    case notLeading(holder: String?, url: String?)
    /// There is no server at an address that could lead.
    case noSuchReplica(String)
    /// What the log has is not what it should be.
    case damaged(String)
    /// PostgreSQL has warned of something while it committed.
    case uncertain(String)
    /// This server takes no more part.
    case ended
    /// The log no longer has what this server needs to go on.
    case forgotten(through: UInt64, local: UInt64)
    /// The log no longer has all, and there is no snapshot from which a server could go on.
    case noSnapshot(behind: UInt64)
    /// The log lacks transactions that this server has.
    case lost(after: ChainPoint, local: ChainPoint)

    /// Whether a server can only join anew, and does not have what the log has lost.
    package var isForgotten: Bool { if case .forgotten = self { true } else { false } }

    package var description: String {
        switch self {
        case .outOfReach(let error):
            "the data directory is empty, and the log in PostgreSQL cannot be read: \(error)"
        case .otherVersion(let found, let known):
            "the log's tables have version \(found), and this program knows version \(known)"
        case .otherFormat(let found, let known):
            "the log's lines have format \(found), and this program knows formats up to \(known)"
        case .otherInventory(let log, let local):
            "the log has the inventory \(log.uuidString.lowercased()), and the data directory the inventory "
                + "\(local.uuidString.lowercased()); use another data directory or another log"
        case .notEmpty:
            "the log is empty, and the data directory has an inventory already; begin with an empty data directory, or have the log go on "
                + "from this one: node-orchestrator log import"
        case .belongsToLog(let file):
            "the data directory belongs to a log that servers share, as \(file.path) says: start the server with --log, and ask it. "
                + "What is written without the log is lost to the others. To part with them for good: node-orchestrator log export"
        case .missingKeys(let ids, let file):
            "passwords in the log were sealed with the credential keys \(ids.joined(separator: ", ")), which are not here; "
                + "copy \(file.path) from a server that has them, or give them by --credentials-key-file or --credentials-key-command"
        case .missingTokenKey(let file):
            "the secret is missing with which the servers of the log sign their tokens: copy \(file.lastPathComponent) from one of "
                + "them to \(file.deletingLastPathComponent().path), with credential.key if that is missing too"
        case .notLeading(.some(let holder), let url): "\(holder) leads, at \(url ?? "an address that it does not say")"
        case .notLeading: "no server leads"
        case .noSuchReplica(let url): "no server that shares the log is at \(url)"
        case .damaged(let reason): "the log is damaged: \(reason)"
        case .uncertain(let warning): "PostgreSQL has warned: \(warning)"
        case .ended: "the log has ended"
        case .forgotten(let oldest, let local):
            "the log has no transactions up to \(oldest) any more, and this server has come to \(local); start it again, so that it "
                + "joins anew"
        case .noSnapshot(let oldest):
            "the log has only what is behind transaction \(oldest), and no server that can be reached has a snapshot of that or "
                + "later, nor does --restore-from or --snapshot-copy; take one with POST /snapshots at a server that runs"
        case .lost(let point, let local):
            "the log ends at transaction \(point.sequence), and this server has transactions up to \(local.sequence) that are "
                + "not in the log; put them back with node-orchestrator log push, or set them aside with node-orchestrator "
                + "replicas reset"
        }
    }
}
