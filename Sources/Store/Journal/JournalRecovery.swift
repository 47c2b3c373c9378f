import Foundation
import Inventory
import Logging

/// The journal as a start finds it.
struct JournalRecovery {
    /// The last transaction that there is, in the journal or in the snapshot it follows.
    var tip: ChainPoint
    /// The first number that was never given.
    var next: UInt64
    /// The time of the last transaction.
    var time = Timestamp(microseconds: 0)
    /// All segments, oldest first.
    var segments: [JournalFolder.Segment]
    /// Bytes that count of the last one.
    var lastSize = 0
    /// Times at which the clock was ahead.
    var stretches: [ClosedRange<Timestamp>]

    /// How many numbers are passed over when the server did not stop cleanly: more than can have been given to
    /// transactions that were lost.
    static let unclearNumbers: UInt64 = 1_000_000

    /// Reads the journal behind a snapshot.
    ///
    /// A torn tail is cut off and kept beside the segment.
    ///
    /// - Parameters:
    ///   - files: What is on disk, of which nothing is missing as far as names tell.
    ///   - progress: Gets the bytes that have been read.
    ///   - visit: Gets what is behind the snapshot, segment by segment.
    /// - Throws: ``JournalError`` where the journal is damaged, lacks its end, or does not begin where the snapshot ends.
    init(
        _ files: DataFiles,
        after snapshot: Snapshot?,
        disk: Disk,
        logger: Logger,
        progress: (Int) -> Void,
        visit: (SegmentChanges) -> Void
    ) throws {
        let sequence = snapshot?.manifest.sequence ?? 0
        segments = files.segments.map(\.file)
        stretches = files.clockStretches
        tip = snapshot?.manifest.position ?? ChainPoint(sequence: sequence, hash: .beginning)
        next = sequence + 1
        guard let start = try files.start(after: sequence) else {
            // Nobody knows which numbers were given after the snapshot.
            if sequence > 0 { next += Self.unclearNumbers }
            return
        }
        var last: SegmentSurvey?
        var done = 0
        // The next one last.
        var read: [Result<(SegmentSurvey, SegmentChanges), any Error>] = []
        for index in segments[start...].indices {
            if read.isEmpty { read = Self.read(files, from: index, after: sequence).reversed() }
            let segment = segments[index]
            let (survey, changes) = try read.removeLast().get()
            if let error = segment.error(survey) { throw error }
            let faults = files.pastFaults(survey)
            guard faults.isEmpty else { throw JournalError.incomplete(faults) }
            visit(changes)
            done += try segment.size
            progress(done)
            time = max(time, survey.time ?? time)
            last = survey
        }
        guard let last, let segment = segments.last else { return }
        if let missing = files.endFault(last) {
            guard let fault = last.fault else { throw JournalError.incomplete([missing]) }
            throw JournalError.damaged(file: segment.path.path, line: fault.line, reason: "\(fault.damage). \(missing)")
        }
        if let fault = last.fault { try Self.cutTail(of: segment, last, fault, on: disk, logger) }
        lastSize = last.goodSize
        // The chain begins anew where a repair could not tell how it was.
        tip = ChainPoint(sequence: last.last, hash: last.chain ?? .beginning)
        next = max(last.header?.next ?? 0, last.last + 1, (last.end ?? 0) + 1)
        if last.end == nil { next += Self.unclearNumbers }
    }

    /// Reads some segments, as many at once as there are processors.
    private static func read(
        _ files: DataFiles,
        from start: Int,
        after sequence: UInt64
    ) -> [Result<(SegmentSurvey, SegmentChanges), any Error>] {
        let count = min(files.segments.count - start, ProcessInfo.processInfo.activeProcessorCount)
        return onAllProcessors(count) { index in
            let segment = files.segments[start + index].file
            return try SegmentChanges.read(segment, files.expectation(of: start + index), after: sequence)
        }
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
    /// The program that wrote it.
    private(set) var program: String?

    /// Reads what a segment has behind a sequence number, and what is wrong with it.
    static func read(
        _ segment: JournalFolder.Segment,
        _ expectation: SegmentSurvey.Expectation,
        after sequence: UInt64
    ) throws(DiskError) -> (SegmentSurvey, SegmentChanges) {
        var found = SegmentChanges()
        let survey = try segment.survey(expectation) { line, bytes throws(JournalDamage) in
            guard line.head.sequence > sequence else { return }
            found.changes += try JournalLine.record(bytes).record.changes
            if line.head.isLast { found.transactionCount += 1 }
        }
        found.program = survey.header?.program
        return (survey, found)
    }
}
