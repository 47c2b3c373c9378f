import Foundation
import Records

/// What of a damaged inventory a start can go on from, and what that costs: a decision, which touches no file.
struct RepairPlan {
    /// The segments that stay, by their place among all; none where only a snapshot is left.
    private(set) var kept: Range<Int> = 0..<0
    /// The last transaction that the inventory has then.
    private(set) var reach = ChainPoint.beginning
    /// Whether a segment has to be begun behind it, since the one that is there is not whole.
    private(set) var beginsSegment = false
    /// Whether the last segment that stays is damaged behind what counts of it.
    private(set) var cutsLast = false
    /// The highest number that anything speaks of.
    private(set) var highest: UInt64 = 0

    /// What is known of a segment.
    struct Segment {
        var first: UInt64
        /// Whether it goes on from the one before it.
        var isLinked: Bool
        /// What counts of it; nil where nothing can be used.
        var last: UInt64?
        /// The hash behind that, where it is known.
        var chain: ChainHash?
        /// Whether something behind that is damaged or missing.
        var isDamaged: Bool
        /// The highest number of a transaction that it speaks of.
        var highest: UInt64
    }

    /// A sequence of segments without a hole, and the last transaction in it.
    private struct Run {
        var segments: Range<Int>
        var first: UInt64
        var last: ChainPoint
        var isDamaged: Bool
    }

    /// - Parameters:
    ///   - segments: Oldest first.
    ///   - snapshots: Where the good snapshots are, in any order.
    ///   - head: Where the head is, if it can be read.
    init(_ segments: [Segment], snapshots: [ChainPoint], head: ChainPoint?) {
        highest = max(segments.map(\.highest).max() ?? 0, head?.sequence ?? 0, snapshots.map(\.sequence).max() ?? 0)
        let newest = snapshots.max { $0.sequence < $1.sequence }
        var best: Run?
        for run in Self.runs(of: segments) {
            let hasBase =
                run.first == 1
                || snapshots.contains { $0.sequence + 1 >= run.first && $0.sequence <= run.last.sequence }
            if hasBase, best.map({ $0.last.sequence <= run.last.sequence }) ?? true { best = run }
        }
        if let best, best.last.sequence >= newest?.sequence ?? 0 {
            kept = best.segments
            reach = best.last
            cutsLast = best.isDamaged
            beginsSegment = best.isDamaged || best.segments.upperBound < segments.count || highest > reach.sequence
        } else {
            reach = newest ?? .beginning
            beginsSegment = true
        }
    }

    private static func runs(of segments: [Segment]) -> [Run] {
        var runs: [Run] = []
        var isOpen = false
        for (index, segment) in segments.enumerated() {
            guard let last = segment.last else {
                isOpen = false
                continue
            }
            let end = ChainPoint(sequence: last, hash: segment.chain ?? .beginning)
            if isOpen, segment.isLinked, let run = runs.last {
                runs[runs.count - 1] = Run(
                    segments: run.segments.lowerBound..<index + 1,
                    first: run.first,
                    last: end,
                    isDamaged: segment.isDamaged
                )
            } else {
                runs.append(
                    Run(segments: index..<index + 1, first: segment.first, last: end, isDamaged: segment.isDamaged)
                )
            }
            isOpen = !segment.isDamaged
        }
        return runs
    }
}
