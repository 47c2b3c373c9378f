package import Foundation
import Inventory

/// A file of a data directory that is missing, or that belongs to another inventory.
package enum DataFault: Equatable, Sendable, CustomStringConvertible {
    /// The head is not there, or cannot be read.
    case noHead(URL, reason: String?)
    /// The record of what was adopted from format 1 is not there, or cannot be read.
    case noAdoption(URL, reason: String?)
    /// The first line of a segment cannot be read.
    case noHeader(URL, reason: String)
    /// A segment is missing before another one that goes on from it.
    case noSegment(URL, before: UInt64)
    /// A segment stands where none should be.
    case stray(URL, next: URL)
    /// The oldest segment is missing.
    case noOldestSegment(URL, nextFirst: UInt64)
    /// The newest segment is missing.
    case noNewestSegment(URL, sequence: UInt64)
    /// The journal ends before the last transaction that was acknowledged.
    case noEnd(URL, last: UInt64, sequence: UInt64)
    /// A snapshot is ahead of the journal.
    case aheadOfJournal(URL, sequence: UInt64, last: UInt64)
    /// A snapshot is of another past than the journal.
    case otherPast(URL, sequence: UInt64)
    /// None of the snapshots can be used, and there is no journal.
    case noGoodSnapshot(URL, count: Int)
    /// Something belongs to another inventory.
    case foreign(URL, inventory: UUID?, own: UUID)
    /// The snapshots that can be used end before the journal begins.
    case gap(snapshots: URL, saved: UInt64, journal: URL, first: UInt64)

    package var description: String {
        switch self {
        case .noHead(let file, let reason):
            "\(file.path) \(Self.missing(reason)): it says how far the journal had come, and without it nobody can say "
                + "whether acknowledged transactions are missing"
        case .noAdoption(let file, let reason):
            "\(file.path) \(Self.missing(reason)): it says which segments and snapshots of format 1 belong here"
        case .noHeader(let file, let reason):
            "\(file.path) is damaged in its first line (\(reason)), and what is in it cannot be relied on"
        case .noSegment(let file, let next):
            "\(file.path) is missing, and with it transactions before \(next)"
        case .stray(let file, let next):
            "\(file.path) does not belong to this journal: \(next.lastPathComponent) goes on from an older segment"
        case .noOldestSegment(let file, let next):
            "\(file.path) is missing, the oldest segment of the journal, and with it the history before \(next)"
        case .noNewestSegment(let file, let sequence):
            "\(file.path) is missing, the newest segment of the journal, whose last transaction was \(sequence) or a "
                + "later one"
        case .noEnd(let file, let last, let sequence):
            "\(file.path) ends with the transaction \(last), but \(sequence) was acknowledged: "
                + "\(Self.transactions(last + 1, sequence)) missing"
        case .aheadOfJournal(let folder, let sequence, let last):
            "\(folder.path) was taken at the transaction \(sequence), but the journal ends with \(last): either "
                + "\(Self.transactions(last + 1, sequence)) missing, or the snapshot comes from elsewhere"
        case .otherPast(let folder, let sequence):
            "\(folder.path) was taken after another transaction \(sequence) than this inventory had: it comes from a "
                + "copy that went another way"
        case .noGoodSnapshot(let folder, let count):
            "none of the \(count) snapshots in \(folder.path) can be used, and there is no journal"
        case .foreign(let path, let inventory, let own):
            "\(path.path) belongs to \(inventory.map { "the inventory \($0.lowercased)" } ?? "another inventory"), "
                + "not to this one, \(own.lowercased)"
        case .gap(let snapshots, let saved, let journal, let first):
            "\(saved == 0 ? "no snapshot in \(snapshots.path) can be used" : "the newest snapshot in \(snapshots.path) that can be used ends with the transaction \(saved)"), "
                + "and the journal in \(journal.path) begins with \(first): what was between is missing"
        }
    }

    private static func missing(_ reason: String?) -> String {
        reason.map { "cannot be read (\($0))" } ?? "is missing"
    }

    private static func transactions(_ first: UInt64, _ last: UInt64) -> String {
        first == last ? "the transaction \(first) is" : "the transactions \(first) to \(last) are"
    }
}
