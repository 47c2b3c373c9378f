package import Foundation
package import Inventory
package import Records

/// The log in files: appends to the journal; the ``Committer`` has the only one.
///
/// A write or a sync that fails closes the segment: what may or may not have reached the disk is never written to
/// again. The next attempt begins a fresh segment, which is on disk as a whole before anything counts on it, and whose
/// first number voids what the failed one may hold.
package final class JournalWriter: TransactionLog {
    private let journal: PublishedJournal
    private let inventory: UUID
    private var state: JournalWriterState
    /// The segment that is written to, and its path; nil after a failure.
    private var file: (file: DiskFile, path: URL)?
    /// Where the head is, and its file once that is written.
    private let headPath: URL
    private var headFile: HeadFile?
    private var headStamp: UInt64
    /// Whether the head has been written since it was looked at last.
    private var isHeadBusy = false
    /// What the oldest segment that must be kept begins with.
    private var oldest: UInt64
    /// Why nothing is written until a restart.
    private var loss: DiskError?
    /// Whether no more comes.
    private var hasEnded = false
    /// What is being appended; the memory is used again.
    private var bytes: [UInt8] = []

    /// How large the memory may be that is kept for the next transactions.
    private static let maximumKeptSize = 4 << 20

    /// Goes on behind what a start has found. Where nothing can be written, the journal says why.
    ///
    /// - Parameters:
    ///   - head: What the head was until now; nil where there is none.
    ///   - headPath: Where it is.
    ///   - isCopy: Whether another log is the one that decides, so that transactions come that were accepted long before.
    /// - Throws: When what was found cannot be brought to stable storage.
    package init(
        _ journal: PublishedJournal,
        _ recovery: JournalRecovery,
        inventory: UUID,
        head: JournalHead?,
        headPath: URL,
        policy: FsyncPolicy,
        isCopy: Bool = false
    ) throws(DiskError) {
        self.journal = journal
        self.inventory = inventory
        self.headPath = headPath
        headStamp = head?.stamp ?? 0
        oldest = recovery.segments.first?.first ?? 0
        state = JournalWriterState(
            tip: recovery.tip,
            next: recovery.next,
            time: recovery.time,
            policy: policy,
            isCopy: isCopy
        )
        // The process may have been killed before it had synced this. A sync that failed says nothing the second time.
        if let last = recovery.segments.last { try journal.folder.disk.sync(last.path) }
        do throws(DiskError) {
            try begin()
        } catch {
            journal.publish(error)
        }
    }

    package var tip: ChainPoint { state.tip }

    package var next: UInt64 { state.next }

    package func now() -> Timestamp { state.time(Self.clock) }

    private static var clock: Timestamp {
        Timestamp(millisecondOf: Date())
    }

    /// Appends transactions, which are on stable storage when this returns, where the policy is to always sync.
    package func append(_ records: [JournalRecord], after point: ChainPoint) -> AppendOutcome {
        guard point == tip else { return .refused(ForeignPoint(point, tip: tip)) }
        do throws(DiskError) {
            return .counts(try append(records))
        } catch {
            return .refused(error)
        }
    }

    private func append(_ records: [JournalRecord]) throws(DiskError) -> [ChainPoint] {
        guard let first = records.first, let last = records.last else { return [] }
        try heal()
        if state.mustTellClock(Self.clock) {
            try sync()
            try replaceSegment()
        }
        if first.sequence > next {
            // A segment says at its beginning which numbers may be passed over.
            try sync()
            state.give(through: first.sequence - 1)
            try replaceSegment()
        }
        guard let (file, _) = file, let size = state.segment?.size else {
            preconditionFailure("a journal that is healed has a segment")
        }
        defer { bytes.removeAll(keepingCapacity: bytes.capacity <= Self.maximumKeptSize) }
        bytes.reserveCapacity(records.reduce(0) { $0 + $1.size })
        var entries: [ChangePlace] = []
        var chain = state.tip.hash
        var points: [ChainPoint] = []
        points.reserveCapacity(records.count)
        for record in records {
            record.write(to: &bytes, &entries, synced: state.synced.sequence, chain: &chain)
            points.append(ChainPoint(sequence: record.sequence, hash: chain))
        }
        let tip = ChainPoint(sequence: last.sequence, hash: chain)
        state.give(through: last.sequence)
        do throws(DiskError) {
            try file.write(bytes)
            if state.syncsEachBatch {
                try file.sync()
                try writeHead(tip)
            }
        } catch {
            close(after: error)
            throw error
        }
        let duty = state.append(
            .init(bytes: bytes, entries: entries, count: records.count, tip: tip, times: first.time...last.time)
        )
        journal.publish(entries.map { $0.moved(by: size) }, size: size + bytes.count, sequence: tip.sequence)
        fulfil(duty)
        return points
    }

    /// Syncs or rotates when it is time. What fails here is for the next write to meet.
    private func fulfil(_ duty: JournalWriterState.Duty) {
        do throws(DiskError) {
            switch duty {
            case .nothing: break
            case .sync: try sync()
            case .beginSegment: try rotate(at: 0)
            }
        } catch {
            // ``PublishedJournal/problem`` says it.
        }
    }

    package func beyond(_ point: ChainPoint) throws -> [(record: JournalRecord, point: ChainPoint)] {
        if point == tip { return [] }
        return try journal.transactions(after: point, through: tip)
    }

    package var mayHaveMore: Bool { false }

    package func announce() {
        journal.announce()
    }

    /// Begins a fresh segment after a failure.
    package func heal() throws(DiskError) {
        if let loss { throw loss }
        if hasEnded { throw DiskError(message: "the journal has ended", reason: "it has ended") }
        guard file == nil else { return }
        do throws(DiskError) {
            try begin()
        } catch {
            journal.publish(error)
            throw error
        }
    }

    /// Brings everything to stable storage, the head too.
    package func sync() throws(DiskError) {
        try heal()
        guard let (file, _) = file else { return }
        do throws(DiskError) {
            if state.synced != state.tip {
                try file.sync()
                try writeHead(state.tip)
            }
            try syncHead()
        } catch {
            close(after: error)
            throw error
        }
        state.sync()
    }

    /// Begins a new segment, where the one that is written to has so many bytes, and anything at all. Everything is on stable
    /// storage then, the head too.
    package func rotate(at size: Int) throws(DiskError) {
        try sync()
        if state.isWorthClosing(at: size) { try replaceSegment() }
    }

    private func replaceSegment() throws(DiskError) {
        file = nil
        state.closeSegment()
        try heal()
    }

    /// Says that no more comes, so that the next start knows that nothing was lost.
    package func end() throws(DiskError) {
        try sync()
        hasEnded = true
        guard let (file, _) = file else { return }
        self.file = nil
        state.closeSegment()
        try file.write(JournalLine.endLine(next - 1, at: now()))
        try file.sync()
        try syncHead()
    }

    // MARK: Head

    /// Writes down how far the journal has come.
    private func writeHead(_ tip: ChainPoint) throws(DiskError) {
        headStamp += 1
        let newest = journal.segments.last?.first ?? 0
        let head = JournalHead(inventory: inventory, stamp: headStamp, oldest: oldest, segment: newest, tip: tip)
        if let headFile {
            try headFile.write(head)
        } else {
            headFile = try HeadFile(headPath, head, on: journal.folder.disk)
        }
        isHeadBusy = true
    }

    private func syncHead() throws(DiskError) {
        try headFile?.sync()
    }

    /// Writes down that the journal begins with a segment, so that those before it can be removed; at a stop too, when no
    /// segment is open any more.
    package func keep(from first: UInt64) throws(DiskError) {
        if let loss { throw loss }
        oldest = max(oldest, first)
        try writeHead(state.synced)
        try syncHead()
    }

    /// Lets readers see a segment that leads up to the oldest one, and writes down that the journal begins with it.
    package func extend(with older: JournalFolder.Segment) throws(DiskError) {
        if let loss { throw loss }
        let (size, header) = (try older.size, try older.header())
        oldest = older.first
        try writeHead(state.synced)
        try syncHead()
        let stretch = if case .success(let header) = header { header.stretch } else { ClosedRange<Timestamp>?.none }
        journal.publish(older: older, size: size, stretch: stretch)
    }

    /// Makes sure that the files are still those that are open, and brings the head to stable storage when nothing is written.
    package func lookAfter() throws(DiskError) {
        try checkFiles()
        settle()
    }

    /// Where the files are not those that are open, nothing is written until a restart, since the next start would not find
    /// it.
    private func checkFiles() throws(DiskError) {
        if let loss { throw loss }
        do throws(DiskError) {
            if let (file, path) = file { try file.check(path) }
            try headFile?.checkPath()
        } catch {
            stop(for: error)
            throw error
        }
    }

    /// Brings the head to stable storage when nothing has been written for a while.
    private func settle() {
        defer { isHeadBusy = false }
        guard !isHeadBusy else { return }
        do throws(DiskError) {
            try syncHead()
        } catch {
            // The next segment begins with a head that is written anew.
            close(after: error)
        }
    }

    /// Writes nothing until a restart.
    package func stop(for reason: any Error) {
        let reason = reason as? DiskError ?? DiskError(message: "\(reason)")
        loss = reason
        journal.publish(reason)
    }

    // MARK: Segments

    /// Begins a segment with what is not known to be on stable storage.
    private func begin() throws(DiskError) {
        let folder = journal.folder
        // The head knows of nothing that the new segment voids.
        try writeHead(state.synced)
        try syncHead()
        let new = folder.segment(state.synced.sequence + 1)
        let partial = folder.partial(new)
        if FileManager.default.fileExists(atPath: partial.path) { try folder.disk.remove(partial) }
        let file = try folder.disk.newFile(partial)
        let previous = journal.segments.last { $0.first < new.first }?.first ?? 0
        let begin = state.header(inventory: inventory, previous: previous, clock: Self.clock)
        let header = begin.line
        let unsynced = state.unsynced
        try file.write(header + unsynced.bytes)
        try file.sync()
        try folder.disk.move(partial, to: new.path)
        let size = header.count + unsynced.bytes.count
        journal.publish(
            new,
            size: size,
            entries: unsynced.entries.map { $0.moved(by: header.count) },
            stretch: begin.stretch
        )
        self.file = (file, new.path)
        state.beginSegment(.init(size: size, headerSize: header.count, tellsClock: begin.stretch != nil))
        if oldest == 0 { oldest = new.first }
        do throws(DiskError) {
            try writeHead(state.synced)
            try syncHead()
        } catch {
            close(after: error)
            throw error
        }
    }

    /// Writes no more to a segment that has failed.
    private func close(after error: DiskError) {
        if let (file, _) = file, let size = state.segment?.size {
            do throws(DiskError) {
                // Gives back the room that what failed has taken.
                try file.truncate(to: size)
            } catch {
                // The next segment voids it anyway.
            }
        }
        file = nil
        // The head may be half written; the next one is a file of its own.
        headFile = nil
        state.closeSegment()
        journal.publish(error)
    }
}
