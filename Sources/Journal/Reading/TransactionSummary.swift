package import Inventory
import Records
package import Scheduling

/// What a transaction was, without its changes.
package struct TransactionSummary: Sendable {
    package let sequence: UInt64
    package let time: Timestamp
    package let author: String?
    package let origin: Origin?
    package let reason: String?
    /// How many resources it changed.
    package fileprivate(set) var changes: Int
}

extension PublishedJournal {
    /// The transactions that the journal has since a time, oldest first.
    ///
    /// - Parameter time: Nil for all.
    /// - Throws: ``JournalError`` where the journal is damaged; ``DiskError``.
    package func summaries(since time: Timestamp?) throws -> [TransactionSummary] {
        var found: [TransactionSummary] = []
        let segments = segments
        for (index, segment) in segments.enumerated() {
            let successor = index + 1 < segments.count ? segments[index + 1].first : nil
            let survey = try segment.file.survey(SegmentSurvey.Expectation(successor: successor)) {
                line,
                bytes throws(JournalDamage) in
                if let time, line.head.time < time { return }
                let record = try JournalLine.record(bytes).record
                if let last = found.last, last.sequence == record.sequence {
                    found[found.count - 1].changes += record.changes.count
                } else {
                    found.append(
                        TransactionSummary(
                            sequence: record.sequence,
                            time: record.time,
                            author: record.author,
                            origin: record.origin,
                            reason: record.reason,
                            changes: record.changes.count
                        )
                    )
                }
            }
            if let error = segment.file.error(survey) { throw error }
        }
        return found
    }
}
