import Foundation
import Inventory

/// Appends to the journal; the ``Committer`` has the only one.
///
/// A write or a sync that fails closes the segment: what may or may not have reached the disk is never written to
/// again. The next attempt begins a fresh segment, which is on disk as a whole before anything counts on it, and whose
/// first number voids what the failed one may hold.
final class JournalWriter {
    private let journal: Journal
    private let policy: FsyncPolicy
    /// The segment that is written to; nil after a failure.
    private var segment: (file: DiskFile, size: Int)?
    /// The last transaction that counts.
    private(set) var sequence: UInt64
    /// The next number to be given.
    private(set) var next: UInt64
    /// The last transaction that is known to be on stable storage.
    private var synced: UInt64
    /// What counts but is not known to be on stable storage, to be written again should it be lost.
    private var unsynced = Unsynced()
    private var lastTime: Timestamp
    /// What is being appended; the memory is used again.
    private var bytes: [UInt8] = []

    private struct Unsynced {
        var bytes: [UInt8] = []
        /// Their places, from the beginning of `bytes`.
        var entries: [SegmentIndex.Entry] = []
        var count = 0
        /// When the first of it was accepted.
        var time: Timestamp?
    }

    /// When a segment is closed, in bytes.
    private static let maximumSegmentSize = 64 << 20
    /// How much may wait for a sync, whatever the policy says: less than a start after a crash passes over.
    private static let maximumUnsyncedSize = 64 << 20
    private static let maximumUnsyncedCount = 100_000
    /// How large the memory may be that is kept for the next transactions.
    private static let maximumKeptSize = 4 << 20

    /// Goes on behind what a start has found. Where no segment can be begun, the journal says why.
    ///
    /// - Throws: When what was found cannot be brought to stable storage.
    init(_ journal: Journal, _ recovery: JournalRecovery, policy: FsyncPolicy) throws(DiskError) {
        self.journal = journal
        self.policy = policy
        sequence = recovery.last
        synced = recovery.last
        next = recovery.next
        lastTime = recovery.time
        // The process may have been killed before it had synced this. A sync that failed says nothing the second time.
        if let last = recovery.segments.last { try journal.folder.disk.sync(last.path) }
        do throws(DiskError) {
            try begin()
        } catch {
            journal.publish(error)
        }
    }

    /// The time now, but never before one that was given before.
    func now() -> Timestamp {
        let milliseconds = Int64(Date().timeIntervalSince1970 * 1000)
        lastTime = max(lastTime, Timestamp(microseconds: milliseconds * 1000))
        return lastTime
    }

    /// Appends transactions, whose numbers go on from ``next``.
    ///
    /// They are on stable storage when this returns, where the policy is to always sync.
    ///
    /// - Throws: When they cannot be written. Then none of them counts, and their numbers are not given again.
    func append(_ records: [JournalRecord]) throws(DiskError) {
        guard let last = records.last else { return }
        try heal()
        guard let (file, size) = segment else { preconditionFailure("a journal that is healed has a segment") }
        defer { bytes.removeAll(keepingCapacity: bytes.capacity <= Self.maximumKeptSize) }
        bytes.reserveCapacity(records.reduce(0) { $0 + $1.size })
        var entries: [SegmentIndex.Entry] = []
        for record in records { record.write(to: &bytes, &entries, synced: synced) }
        next = last.sequence + 1
        do throws(DiskError) {
            try file.write(bytes)
            if policy == .always { try file.sync() }
        } catch {
            close(after: error)
            throw error
        }
        segment?.size = size + bytes.count
        sequence = last.sequence
        if policy == .always {
            synced = sequence
        } else {
            unsynced.entries += entries.map { $0.moved(by: unsynced.bytes.count) }
            unsynced.bytes += bytes
            unsynced.time = unsynced.time ?? records.first?.time
            unsynced.count += records.count
        }
        journal.publish(
            entries.map { $0.moved(by: size) },
            size: size + bytes.count,
            sequence: sequence
        )
        keepBounds()
    }

    /// Tells followers of what was appended, once it is in effect.
    func announce() {
        journal.announce()
    }

    /// Begins a fresh segment after a failure.
    func heal() throws(DiskError) {
        if segment == nil {
            do throws(DiskError) {
                try begin()
            } catch {
                journal.publish(error)
                throw error
            }
        }
    }

    /// Brings everything to stable storage.
    func sync() throws(DiskError) {
        try heal()
        guard let (file, _) = segment, synced < sequence else { return }
        do throws(DiskError) {
            try file.sync()
        } catch {
            close(after: error)
            throw error
        }
        synced = sequence
        unsynced = Unsynced()
    }

    /// Begins a new segment, unless the one that is written to is new.
    func rotate() throws(DiskError) {
        try sync()
        guard let segment, segment.size > JournalHeader.maximumSize else { return }
        self.segment = nil
        try heal()
    }

    /// Says that no more comes, so that the next start knows that nothing was lost.
    func end() throws(DiskError) {
        try sync()
        guard let (file, _) = segment else { return }
        segment = nil
        try file.write(JournalLine.endLine(next - 1, at: now()))
        try file.sync()
    }

    // MARK: Segments

    /// Begins a segment with what is not known to be on stable storage.
    private func begin() throws(DiskError) {
        let folder = journal.folder
        let new = folder.segment(synced + 1)
        let partial = folder.partial(new)
        if FileManager.default.fileExists(atPath: partial.path) { try folder.disk.remove(partial) }
        let file = try folder.disk.newFile(partial)
        let header = JournalHeader(first: new.first, next: next, time: unsynced.time ?? now()).line
        try file.write(header + unsynced.bytes)
        try file.sync()
        try folder.disk.move(partial, to: new.path)
        let size = header.count + unsynced.bytes.count
        journal.publish(new, size: size, entries: unsynced.entries.map { $0.moved(by: header.count) })
        segment = (file, size)
        synced = sequence
        unsynced = Unsynced()
    }

    /// Writes no more to a segment that has failed.
    private func close(after error: DiskError) {
        if let (file, size) = segment {
            do throws(DiskError) {
                // Gives back the room that what failed has taken.
                try file.truncate(to: size)
            } catch {
                // The next segment voids it anyway.
            }
        }
        segment = nil
        journal.publish(error)
    }

    /// Syncs and rotates when it is time. What fails here is for the next write to meet.
    private func keepBounds() {
        let isFull = unsynced.bytes.count > Self.maximumUnsyncedSize || unsynced.count > Self.maximumUnsyncedCount
        do throws(DiskError) {
            if isFull { try sync() }
            if let segment, segment.size > Self.maximumSegmentSize { try rotate() }
        } catch {
            // ``Journal/problem`` says it.
        }
    }
}

extension SegmentIndex.Entry {
    fileprivate func moved(by offset: Int) -> Self {
        var moved = self
        moved.line += offset
        return moved
    }
}

/// When what is written is brought to stable storage.
package enum FsyncPolicy: Sendable, Equatable {
    /// Before it is answered.
    case always
    /// After so long at most.
    case interval(Duration)
    /// When the operating system does.
    case never
}
