import Foundation
import Inventory
import Logging

/// The journal as a start finds it.
struct JournalRecovery {
    /// The last transaction that there is, in the journal or in the snapshot it follows.
    var last: UInt64
    /// The first number that was never given.
    var next: UInt64
    /// The time of the last transaction.
    var time: Timestamp
    /// All segments, oldest first.
    var segments: [JournalFolder.Segment]
    /// Bytes that count of the last one.
    var lastSize = 0

    /// How many numbers are passed over when the server did not stop cleanly: more than can have been given to
    /// transactions that were lost.
    static let unclearNumbers: UInt64 = 1_000_000

    /// Reads the journal behind a snapshot.
    ///
    /// A torn tail is cut off and kept beside the segment.
    ///
    /// - Parameters:
    ///   - sequence: The last transaction in the snapshot; 0 for none.
    ///   - progress: Gets the bytes that have been read.
    ///   - visit: Gets what is behind it, segment by segment.
    /// - Throws: ``JournalError`` where the journal is damaged, or does not begin where the snapshot ends.
    init(
        _ folder: JournalFolder,
        after sequence: UInt64,
        logger: Logger,
        progress: (Int) -> Void,
        visit: (SegmentChanges) -> Void
    ) throws {
        segments = try folder.segments()
        last = sequence
        next = sequence + 1
        time = Timestamp(microseconds: 0)
        guard let start = try Self.start(segments, after: sequence) else {
            // Nobody knows which numbers were given after the snapshot.
            if sequence > 0 { next += Self.unclearNumbers }
            return
        }
        var header: JournalHeader?
        var end: UInt64?
        var done = 0
        // The next one last.
        var read: [Result<(SegmentSurvey, SegmentChanges), any Error>] = []
        for index in segments[start...].indices {
            if read.isEmpty { read = Self.read(segments[index...], after: sequence).reversed() }
            let segment = segments[index]
            let (survey, changes) = try read.removeLast().get()
            visit(changes)
            done += try segment.size
            progress(done)
            try survey.checkFormat(of: segment)
            if let fault = survey.fault {
                guard !survey.isDamaged else {
                    throw JournalError.damaged(
                        file: segment.path.path,
                        line: fault.line,
                        reason: fault.damage.description
                    )
                }
                try Self.cutTail(of: segment, survey, fault, on: folder.disk, logger)
            }
            lastSize = survey.goodSize
            header = survey.header
            end = survey.end
            last = max(last, survey.last)
            time = max(time, survey.time ?? time)
        }
        next = max(header?.next ?? 0, last + 1, (end ?? 0) + 1)
        if end == nil { next += Self.unclearNumbers }
    }

    /// Reads the first of some segments, as many at once as there are processors.
    private static func read(
        _ segments: ArraySlice<JournalFolder.Segment>,
        after sequence: UInt64
    ) -> [Result<(SegmentSurvey, SegmentChanges), any Error>] {
        let count = min(segments.count, ProcessInfo.processInfo.activeProcessorCount)
        return onAllProcessors(count) { index in
            let successor = segments.dropFirst(index + 1).first?.first
            return try SegmentChanges.read(
                segments[segments.startIndex + index],
                successor: successor,
                after: sequence
            )
        }
    }

    /// Which segment is read first; nil where there are none.
    static func start(_ segments: [JournalFolder.Segment], after sequence: UInt64) throws(JournalError) -> Int? {
        guard let oldest = segments.first else { return nil }
        guard let start = segments.lastIndex(where: { $0.first <= sequence + 1 }) else {
            let base =
                sequence == 0 ? "no snapshot can be used" : "the newest snapshot that can be used ends with \(sequence)"
            throw .gap(
                "\(base), and the journal in \(oldest.path.deletingLastPathComponent().path) begins with "
                    + "\(oldest.first): what was between is missing. Put the missing snapshots back, or move the "
                    + "journal and the snapshots away to start with an empty inventory"
            )
        }
        return start
    }

    /// Cuts a torn tail off and keeps it beside its segment. Where that fails it stays: the next segment voids it.
    private static func cutTail(
        of segment: JournalFolder.Segment,
        _ survey: SegmentSurvey,
        _ fault: SegmentSurvey.Fault,
        on disk: Disk,
        _ logger: Logger
    ) throws {
        let data = try segment.contents()
        let aside = segment.path.appendingPathExtension("torn-\(SnapshotFolder.id(at: Date()))")
        var metadata: Logger.Metadata = [
            "file": "\(segment.path.path)", "line": "\(fault.line)", "reason": "\(fault.damage)",
            "bytes": .stringConvertible(data.count - survey.goodSize), "last": "\(survey.last)",
        ]
        do throws(DiskError) {
            try disk.create(aside, Array(data.dropFirst(survey.goodSize)))
            try disk.truncate(segment.path, to: survey.goodSize)
            metadata["kept"] = "\(aside.path)"
            logger.warning(
                "cut off the torn tail of the journal, which a crash has left half-written",
                metadata: metadata
            )
        } catch {
            metadata["cause"] = "\(error)"
            logger.warning("the torn tail of the journal is passed over but stays", metadata: metadata)
        }
    }
}

/// What a segment made of resources.
struct SegmentChanges: Sendable {
    /// In the order in which it was written.
    private(set) var changes: [JournalChange] = []
    /// How many transactions that was.
    private(set) var transactionCount = 0

    /// Reads what a segment has behind a sequence number, and what is wrong with it.
    static func read(
        _ segment: JournalFolder.Segment,
        successor: UInt64?,
        after sequence: UInt64
    ) throws -> (SegmentSurvey, SegmentChanges) {
        var found = SegmentChanges()
        let survey = try SegmentSurvey(segment, successor: successor) { line, bytes in
            guard line.head.sequence > sequence else { return }
            do throws(JournalDamage) {
                found.changes += try JournalLine.record(bytes).record.changes
            } catch {
                throw JournalError.damaged(
                    file: segment.path.path,
                    line: line.number,
                    reason: "the transaction \(line.head.sequence): \(error)"
                )
            }
            if line.head.isLast { found.transactionCount += 1 }
        }
        return (survey, found)
    }
}
