import Inventory
package import Records

extension PublishedJournal {
    /// The last transaction that is on disk, with the hash after it; nil where there is none, or nothing tells the hash.
    package func end() throws -> ChainPoint? {
        guard let survey = try segments.last?.file.survey(.init()), let hash = survey.chain else { return nil }
        return ChainPoint(sequence: survey.last, hash: hash)
    }

    /// All transactions behind a point, in order.
    ///
    /// - Throws: As ``transactions(after:through:)``.
    package func transactions(after point: ChainPoint) throws -> [(record: JournalRecord, point: ChainPoint)] {
        try transactions(after: point, through: ChainPoint(sequence: .max, hash: .beginning))
    }

    /// The transactions behind a point up to another, in order.
    ///
    /// - Throws: ``ForeignPoint`` where the journal does not have the point; ``JournalError``; ``DiskError``.
    func transactions(
        after point: ChainPoint,
        through tip: ChainPoint
    ) throws -> [(record: JournalRecord, point: ChainPoint)] {
        let segments = segments
        guard let start = segments.lastIndex(where: { $0.first <= point.sequence + 1 }) else {
            throw ForeignPoint(point, tip: tip)
        }
        var found: [(record: JournalRecord, point: ChainPoint)] = []
        for index in start..<segments.count {
            let file = segments[index].file
            let successor = index + 1 < segments.count ? segments[index + 1].first : nil
            let expectation = SegmentSurvey.Expectation(successor: successor, watched: [point.sequence])
            let survey = try file.survey(expectation) { line, bytes throws(JournalDamage) in
                guard line.head.sequence > point.sequence, line.head.sequence <= tip.sequence else { return }
                let record = try JournalLine.record(bytes).record
                let end = ChainPoint(sequence: record.sequence, hash: line.head.chain ?? .beginning)
                if let last = found.last, last.record.sequence == record.sequence {
                    found[found.count - 1].record.changes += record.changes
                    found[found.count - 1].point = end
                } else {
                    found.append((record, end))
                }
            }
            if let error = file.error(survey) { throw error }
            guard index > start || survey.seen[point.sequence] == point.hash else {
                throw ForeignPoint(point, tip: tip)
            }
        }
        return found
    }
}
