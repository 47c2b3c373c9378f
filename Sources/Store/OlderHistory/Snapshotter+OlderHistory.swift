import Foundation
import Journal
import Records
import Replication

extension Snapshotter {
    /// Has the journal begin with a segment from elsewhere.
    ///
    /// - Returns: False where the journal begins elsewhere by now, or is being shortened.
    func extendJournal(with file: URL, _ older: OlderSegment) async throws -> Bool {
        guard !isJournalBusy, try journal.older == older else { return false }
        isJournalBusy = true
        defer { isJournalBusy = false }
        let segment = try journal.folder.take(file, as: older, of: inventory)
        try await committer.extendFiles(with: segment)
        try reportOldest()
        return true
    }

    /// From now on only that is kept of the history that is to be.
    func historyIsComplete() throws {
        lacksHistory = false
        try reportOldest()
    }

    /// Tells the other servers from which moment on this one can read every one.
    func reportOldest() throws {
        replica?.oldest = try folder.oldestMoment(journal)
    }
}
