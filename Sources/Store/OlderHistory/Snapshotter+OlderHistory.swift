import Foundation
import Journal
import Records
import Replication

extension Snapshotter {
    /// Has the journal begin with a segment from elsewhere, unless it begins elsewhere by now.
    func extendJournal(with file: URL, _ older: OlderSegment) async throws {
        while isJournalBusy { try await Task.sleep(for: .milliseconds(100)) }
        guard try journal.older == older else { return try journal.folder.disk.remove(file) }
        isJournalBusy = true
        defer { isJournalBusy = false }
        let segment = try journal.folder.take(file, as: older, of: inventory)
        try await committer.extendFiles(with: segment)
        try reportOldest()
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
