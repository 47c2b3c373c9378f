import Completeness
import Foundation
import Inventory
import Journal
import Logging
import Records
import Scheduling
import Tables

extension JournalRecovery {
    /// Reads the journal behind a snapshot.
    ///
    /// A torn tail is cut off and kept beside the segment.
    ///
    /// - Parameters:
    ///   - files: What is on disk, of which nothing is missing as far as names tell.
    ///   - progress: Gets the bytes that have been read.
    ///   - visit: Gets what is behind the snapshot, segment by segment.
    /// - Throws: ``JournalError`` where the journal is damaged, lacks its end, or does not begin where the snapshot ends.
    static func read(
        _ files: DataFiles,
        after snapshot: Snapshot?,
        disk: Disk,
        logger: Logger,
        progress: (Int) -> Void,
        visit: (SegmentChanges) -> Void
    ) throws -> JournalRecovery {
        let sequence = snapshot?.manifest.sequence ?? 0
        let segments = files.segments.map(\.file)
        var recovery = JournalRecovery(
            tip: snapshot?.manifest.position ?? ChainPoint(sequence: sequence, hash: .beginning),
            next: sequence + 1,
            segments: segments,
            stretches: files.clockStretches
        )
        guard let start = try files.start(after: sequence) else {
            // Nobody knows which numbers were given after the snapshot.
            if sequence > 0 { recovery.next += unclearNumbers }
            if let snapshot { recovery.time = try Timestamp(snapshot.manifest.createdAt) }
            return recovery
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
            recovery.time = max(recovery.time, survey.time ?? recovery.time)
            last = survey
        }
        guard let last, let segment = segments.last else { return recovery }
        if let missing = files.endFault(last) {
            guard let fault = last.fault else { throw JournalError.incomplete([missing]) }
            throw JournalError.damaged(file: segment.path.path, line: fault.line, reason: "\(fault.damage). \(missing)")
        }
        if let fault = last.fault { try cutTail(of: segment, last, fault, on: disk, logger) }
        recovery.lastSize = last.goodSize
        // The chain begins anew where a repair could not tell how it was.
        recovery.tip = ChainPoint(sequence: last.last, hash: last.chain ?? .beginning)
        recovery.next = max(last.header?.next ?? 0, last.last + 1, (last.end ?? 0) + 1)
        if last.end == nil { recovery.next += unclearNumbers }
        return recovery
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
        let aside = segment.path.appendingPathExtension("torn-\(SnapshotID.text(at: Date()))")
        var metadata: Logger.Metadata = [
            "file": "\(segment.path.path)", "line": "\(fault.line)", "reason": "\(fault.damage)",
            "bytes": .stringConvertible(data.count - survey.goodSize), "last": .stringConvertible(survey.last),
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
