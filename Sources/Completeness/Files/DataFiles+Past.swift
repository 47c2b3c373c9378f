import Foundation
package import Inventory
package import Journal
package import Records
import Tables

extension DataFiles {
    /// Times at which the clock was ahead, oldest first.
    package var clockStretches: [ClosedRange<Timestamp>] { segments.compactMap { $0.readHeader?.stretch } }

    /// Which segment is read first; nil where there are none.
    package func start(after sequence: UInt64) throws(JournalError) -> Int? {
        guard let oldest = segments.first?.file.first else { return nil }
        guard let start = segments.lastIndex(where: { $0.file.first <= sequence + 1 }) else {
            throw .incomplete([
                .gap(snapshots: directory.snapshots, saved: sequence, journal: directory.journal, first: oldest)
            ])
        }
        return start
    }

    /// What is known of a segment before it is read.
    package func expectation(of index: Int) -> SegmentSurvey.Expectation {
        let first = segments[index].file.first
        return SegmentSurvey.Expectation(
            successor: segments.dropFirst(index + 1).first?.file.first,
            chain: adopted[first]?.chain,
            points: points,
            watched: snapshotNumbers
        )
    }

    /// Whether the journal's past has a place in it, or does not go back so far.
    package func contains(_ point: ChainPoint) throws -> Bool {
        if let known = points[point.sequence] { return known == point.hash }
        guard !segments.isEmpty else { return point.sequence <= readHead?.tip.sequence ?? 0 }
        guard let index = segments.lastIndex(where: { $0.file.first <= point.sequence }) else { return true }
        var expectation = expectation(of: index)
        expectation.watched = [point.sequence]
        return try segments[index].file.surveyWithChanges(expectation).seen[point.sequence] == point.hash
    }

    /// Snapshots of another past than that of a segment that was read.
    package func pastFaults(_ survey: SegmentSurvey) -> [DataFault] {
        snapshots.compactMap { snapshot in
            guard let position = snapshot.readManifest?.position, let hash = survey.seen[position.sequence],
                hash != position.hash
            else { return nil }
            return .otherPast(SnapshotFolder(directory.snapshots).folder(snapshot.id), sequence: position.sequence)
        }
    }

    /// What is missing at the end of the journal.
    ///
    /// - Parameter last: What was found in the last segment.
    package func endFault(_ last: SegmentSurvey) -> DataFault? {
        let end = segments.last?.file.path ?? directory.journal
        if let tip = readHead?.tip, last.last < tip.sequence {
            return .noEnd(end, last: last.last, sequence: tip.sequence)
        }
        let ahead = snapshots.first { $0.readManifest.map { $0.sequence > last.last } ?? false }
        return ahead.map { snapshot in
            .aheadOfJournal(
                SnapshotFolder(directory.snapshots).folder(snapshot.id),
                sequence: snapshot.readManifest?.sequence ?? 0,
                last: last.last
            )
        }
    }
}
