import Foundation
import Inventory
import Records
import Testing

@testable import Journal

@Suite("What a writer of the journal decides")
struct JournalWriterStateTests {
    private static func state(_ policy: FsyncPolicy) -> JournalWriterState {
        var state = JournalWriterState(tip: .beginning, next: 1, time: Timestamp(microseconds: 5), policy: policy)
        state.beginSegment(.init(size: 100, headerSize: 100))
        return state
    }

    private static func batch(_ last: UInt64, bytes: Int = 10, count: Int = 1) -> JournalWriterState.Batch {
        .init(
            bytes: [UInt8](repeating: 0, count: bytes),
            entries: [],
            count: count,
            tip: ChainPoint(sequence: last, hash: .beginning),
            times: Timestamp(microseconds: 7)...Timestamp(microseconds: 9)
        )
    }

    @Test("a batch is on stable storage at once, or waits for a sync")
    func policies() {
        var always = Self.state(.always)
        #expect(always.append(Self.batch(3)) == .nothing)
        #expect(always.synced.sequence == 3)
        #expect(always.unsynced.bytes.isEmpty)
        var never = Self.state(.never)
        #expect(never.append(Self.batch(3)) == .nothing)
        #expect(never.synced.sequence == 0)
        #expect(never.unsynced.bytes.count == 10)
        never.sync()
        #expect(never.synced.sequence == 3)
        #expect(never.unsynced.count == 0)
    }

    @Test("so much may wait for a sync, and a segment is closed when it is large")
    func bounds() {
        var state = Self.state(.never)
        #expect(state.append(Self.batch(1, count: JournalWriterState.maximumUnsyncedCount)) == .nothing)
        #expect(state.append(Self.batch(2)) == .sync)
        var large = Self.state(.always)
        #expect(large.append(Self.batch(1, bytes: JournalWriterState.maximumSegmentSize - 100)) == .nothing)
        #expect(large.append(Self.batch(2)) == .beginSegment)
    }

    @Test("a segment after a failure goes on behind what is on stable storage, and gives no number again")
    func failure() {
        var state = Self.state(.never)
        state.give(through: 1)
        _ = state.append(Self.batch(1))
        state.sync()
        state.give(through: 2)
        _ = state.append(Self.batch(2))
        state.give(through: 5)
        state.closeSegment()
        let header = state.header(inventory: .version7(), previous: 1, clock: Timestamp(microseconds: 99))
        #expect(header.first == 2)
        #expect(header.next == 6)
        // Never after a transaction that is written again into it.
        #expect(header.time == Timestamp(microseconds: 7))
    }

    @Test("time never runs backwards")
    func time() {
        var state = Self.state(.always)
        #expect(state.time(Timestamp(microseconds: 3)) == Timestamp(microseconds: 5))
        #expect(state.time(Timestamp(microseconds: 8)) == Timestamp(microseconds: 8))
        #expect(state.time(Timestamp(microseconds: 6)) == Timestamp(microseconds: 8))
    }

    @Test("a clock that is behind is told once, at the beginning of a segment")
    func lateClock() {
        var state = Self.state(.always)
        _ = state.time(Timestamp(microseconds: 90_000_000))
        #expect(!state.mustTellClock(Timestamp(microseconds: 89_500_000)))
        #expect(state.mustTellClock(Timestamp(microseconds: 60_000_000)))
        let header = state.header(inventory: .version7(), previous: 1, clock: Timestamp(microseconds: 60_000_000))
        #expect(header.time == Timestamp(microseconds: 90_000_000))
        #expect(header.stretch == Timestamp(microseconds: 60_000_000)...Timestamp(microseconds: 90_000_000))
        state.beginSegment(.init(size: 100, headerSize: 100, tellsClock: true))
        #expect(!state.mustTellClock(Timestamp(microseconds: 60_000_000)))
    }

    @Test("a segment that has nothing yet, or less than it should, is not followed by another")
    func worth() {
        var state = Self.state(.always)
        #expect(!state.isWorthClosing(at: 0))
        _ = state.append(Self.batch(1))
        #expect(state.isWorthClosing(at: 0))
        #expect(state.isWorthClosing(at: 10))
        #expect(!state.isWorthClosing(at: 11))
    }
}
