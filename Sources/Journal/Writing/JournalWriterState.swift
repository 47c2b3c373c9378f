import Foundation
import Inventory
import Records

/// What a ``JournalWriter`` knows, and what it does next: decisions alone, which touch no file.
struct JournalWriterState {
    /// The last transaction that counts.
    private(set) var tip: ChainPoint
    /// The last transaction that is known to be on stable storage.
    private(set) var synced: ChainPoint
    /// The next number to be given.
    private(set) var next: UInt64
    /// What counts but is not known to be on stable storage, to be written again should it be lost.
    private(set) var unsynced = Unsynced()
    /// The segment that is written to; nil after a failure.
    private(set) var segment: Segment?
    private let policy: FsyncPolicy
    private var lastTime: Timestamp
    /// Whether transactions come that may have been accepted long before, elsewhere.
    private let isCopy: Bool

    struct Segment: Equatable {
        /// Bytes of the file.
        var size: Int
        /// Bytes of its first line.
        var headerSize: Int
        /// Whether that says that the clock was behind.
        var tellsClock = false
    }

    struct Unsynced {
        var bytes: [UInt8] = []
        /// The changes' places, from the beginning of `bytes`.
        var entries: [ChangePlace] = []
        var count = 0
        /// When the first of it was accepted.
        var time: Timestamp?
    }

    /// Transactions that are appended by one write.
    struct Batch {
        var bytes: [UInt8]
        /// The changes' places, from the beginning of `bytes`.
        var entries: [ChangePlace]
        var count: Int
        /// The last of them.
        var tip: ChainPoint
        /// When the first was accepted, and the last.
        var times: ClosedRange<Timestamp>
    }

    /// What has to be done after an append.
    enum Duty: Equatable {
        case nothing
        case sync
        case beginSegment
    }

    /// When a segment is closed, in bytes.
    static let maximumSegmentSize = 64 << 20
    /// How much may wait for a sync, whatever the policy says: less than a start after a crash passes over.
    static let maximumUnsyncedSize = 64 << 20
    static let maximumUnsyncedCount = 100_000

    init(tip: ChainPoint, next: UInt64, time: Timestamp, policy: FsyncPolicy, isCopy: Bool = false) {
        self.tip = tip
        synced = tip
        self.next = next
        lastTime = time
        self.policy = policy
        self.isCopy = isCopy
    }

    /// Whether an append is on stable storage before it counts.
    var syncsEachBatch: Bool { policy == .always }

    /// A time that the clock gives, but never before one that was given before.
    mutating func time(_ clock: Timestamp) -> Timestamp {
        lastTime = max(lastTime, clock)
        return lastTime
    }

    /// From what the clock says to the times that were given, where it is behind them, because it had been ahead.
    private func stretch(_ clock: Timestamp) -> ClosedRange<Timestamp>? {
        lastTime.microseconds - clock.microseconds > Self.tolerance ? clock...lastTime : nil
    }

    /// By how much the clock may be behind, in microseconds, without a word.
    private static let tolerance: Int64 = 1_000_000

    /// Whether the clock is behind and the segment does not say so.
    func mustTellClock(_ clock: Timestamp) -> Bool {
        segment.map { !$0.tellsClock && stretch(clock) != nil } ?? false
    }

    /// The numbers of a batch are given, whatever becomes of it.
    mutating func give(through last: UInt64) {
        next = last + 1
    }

    /// A batch counts.
    mutating func append(_ batch: Batch) -> Duty {
        segment?.size += batch.bytes.count
        tip = batch.tip
        lastTime = max(lastTime, batch.times.upperBound)
        if syncsEachBatch {
            synced = tip
        } else {
            unsynced.entries += batch.entries.map { $0.moved(by: unsynced.bytes.count) }
            unsynced.bytes += batch.bytes
            unsynced.time = unsynced.time ?? batch.times.lowerBound
            unsynced.count += batch.count
        }
        if let segment, segment.size > Self.maximumSegmentSize { return .beginSegment }
        let isFull =
            unsynced.bytes.count > Self.maximumUnsyncedSize || unsynced.count > Self.maximumUnsyncedCount
        return isFull ? .sync : .nothing
    }

    /// Everything that counts is on stable storage.
    mutating func sync() {
        synced = tip
        unsynced = Unsynced()
    }

    /// The segment is not written to any more.
    mutating func closeSegment() {
        segment = nil
    }

    /// Whether the segment has so much, and anything at all, that a new one is to go on from it.
    ///
    /// - Parameter size: Bytes of transactions.
    func isWorthClosing(at size: Int) -> Bool {
        segment.map { $0.size - $0.headerSize >= max(size, 1) } ?? true
    }

    /// The first line of the segment that goes on behind what is on stable storage.
    ///
    /// - Parameter previous: The first number of the segment before.
    mutating func header(inventory: UUID, previous: UInt64, clock: Timestamp) -> JournalHeader {
        JournalHeader(
            inventory: inventory,
            next: next,
            previous: previous,
            base: synced,
            time: unsynced.time ?? (isCopy ? lastTime : time(clock)),
            stretch: stretch(clock)
        )
    }

    /// A segment is on stable storage that has all that counts.
    mutating func beginSegment(_ segment: Segment) {
        self.segment = segment
        sync()
    }
}
