import Foundation
import Inventory
import Testing

@testable import Store

@Suite("The head of a journal")
struct JournalHeadTests {
    private static let path = URL(filePath: "/data/head")

    private static func head(_ stamp: UInt64) throws -> JournalHead {
        let hash = try #require(ChainHash(String(repeating: "0123456789abcdef", count: 2)))
        return JournalHead(
            inventory: .version7(),
            stamp: stamp,
            oldest: 1,
            segment: 3,
            tip: ChainPoint(sequence: 4 + stamp, hash: hash)
        )
    }

    /// A file to which heads were written one after the other.
    private static func file(_ heads: [JournalHead]) -> [UInt8] {
        var bytes = heads[0].file
        for head in heads { bytes.replaceSubrange(head.offset..<head.offset + JournalHead.slotSize, with: head.slot) }
        return bytes
    }

    @Test("is the newer one of the two that are there")
    func newest() throws {
        for count in 1...4 {
            let heads = try (1...count).map { try Self.head(UInt64($0)) }
            let found = try JournalHead.found(in: Self.file(heads), file: Self.path)
            #expect(found == .head(heads[count - 1]))
        }
    }

    @Test("is the one before where a crash has torn the newer one, at any byte, and never another")
    func torn() throws {
        let heads = [try Self.head(6), try Self.head(7)]
        let whole = Self.file(heads)
        for length in 0..<JournalHead.slotSize {
            var torn = whole
            let old = try Self.head(5).slot
            torn.replaceSubrange(
                heads[1].offset + length..<heads[1].offset + JournalHead.slotSize,
                with: old[length...]
            )
            let found = try JournalHead.found(in: torn, file: Self.path)
            #expect(found == .head(heads[0]) || found == .head(heads[1]), "\(length)")
            var flipped = whole
            flipped[heads[1].offset + length] ^= 1 << (length % 8)
            let other = try JournalHead.found(in: flipped, file: Self.path)
            #expect(other == .head(heads[0]) || other == .head(heads[1]), "\(length)")
        }
    }

    @Test("of another length, or of which neither can be read, is damaged")
    func damaged() throws {
        let whole = Self.file([try Self.head(6), try Self.head(7)])
        for length in [0, 1, 512, 4096, 4607] {
            guard case .damaged = try JournalHead.found(in: Array(whole.prefix(length)), file: Self.path) else {
                Issue.record("\(length)")
                continue
            }
        }
        for byte in [0, UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "{")] {
            let bytes = [UInt8](repeating: byte, count: JournalHead.fileSize)
            guard case .damaged = try JournalHead.found(in: bytes, file: Self.path) else {
                Issue.record("\(byte)")
                continue
            }
        }
    }
}

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
            time: Timestamp(microseconds: 7)
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
