package import Records

/// What a segment made of resources.
package struct SegmentChanges: Sendable {
    /// In the order in which it was written.
    package private(set) var changes: [JournalChange] = []
    /// The requests with a key that were done, in the same order.
    package private(set) var requests: [DoneRequest] = []
    /// How many transactions that was.
    package private(set) var transactionCount = 0
    /// The program that wrote it.
    package private(set) var program: String?

    /// Reads what a segment has behind a sequence number, and what is wrong with it.
    package static func read(
        _ segment: JournalFolder.Segment,
        _ expectation: SegmentSurvey.Expectation,
        after sequence: UInt64
    ) throws(DiskError) -> (SegmentSurvey, SegmentChanges) {
        var found = SegmentChanges()
        let survey = try segment.survey(expectation) { line, bytes throws(JournalDamage) in
            guard line.head.sequence > sequence else { return }
            let record = try JournalLine.record(bytes).record
            found.changes += record.changes
            if let request = record.doneRequest { found.requests.append(request) }
            if line.head.isLast { found.transactionCount += 1 }
        }
        found.program = survey.header?.program
        return (survey, found)
    }
}
