import Foundation
import Records
import Testing

@testable import Completeness

@Suite("What a repair goes on from")
struct RepairPlanTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var what: String
        /// First and last number, or nil for the last where nothing can be used; `!` behind it for one that is damaged
        /// there, `x` before it for one that does not go on from the one before.
        var segments: String
        var snapshots: [UInt64] = []
        var head: UInt64?
        var kept: Range<Int>
        var reach: UInt64
        var begins: Bool

        var testDescription: String { what }
    }

    @Test(
        "is the longest run that reaches furthest, or a snapshot that reaches further",
        arguments: [
            Case(what: "all is good", segments: "1-4 5-9", head: 9, kept: 0..<2, reach: 9, begins: false),
            Case(what: "the head is older", segments: "1-4 5-9", head: 7, kept: 0..<2, reach: 9, begins: false),
            Case(what: "the end is missing", segments: "1-4", head: 9, kept: 0..<1, reach: 4, begins: true),
            Case(
                what: "the end is in a snapshot",
                segments: "1-4",
                snapshots: [9],
                head: 9,
                kept: 0..<0,
                reach: 9,
                begins: true
            ),
            Case(what: "the last one is damaged", segments: "1-4 5-7!", head: 9, kept: 0..<2, reach: 7, begins: true),
            Case(what: "the first one is damaged", segments: "1-2! 5-9", head: 9, kept: 0..<1, reach: 2, begins: true),
            Case(
                what: "the first one is damaged before a snapshot",
                segments: "1-2! 5-9",
                snapshots: [4],
                head: 9,
                kept: 1..<2,
                reach: 9,
                begins: false
            ),
            Case(what: "a hole", segments: "1-4 x8-9", head: 9, kept: 0..<1, reach: 4, begins: true),
            Case(
                what: "a hole before a snapshot",
                segments: "1-4 x8-9",
                snapshots: [7],
                head: 9,
                kept: 1..<2,
                reach: 9,
                begins: false
            ),
            Case(
                what: "a hole behind a snapshot",
                segments: "1-4 x8-9",
                snapshots: [5],
                head: 9,
                kept: 0..<0,
                reach: 5,
                begins: true
            ),
            Case(
                what: "an unreadable one",
                segments: "1-4 5-? x8-9",
                snapshots: [3],
                kept: 0..<1,
                reach: 4,
                begins: true
            ),
            Case(
                what: "an old beginning",
                segments: "5-9",
                snapshots: [6],
                head: 9,
                kept: 0..<1,
                reach: 9,
                begins: false
            ),
            Case(what: "no beginning", segments: "5-9", snapshots: [3], head: 9, kept: 0..<0, reach: 3, begins: true),
            Case(what: "no journal", segments: "", snapshots: [3, 8], head: 9, kept: 0..<0, reach: 8, begins: true),
            Case(what: "nothing", segments: "", head: 9, kept: 0..<0, reach: 0, begins: true),
            Case(what: "two holes", segments: "1-2 x5-6 x9-9", snapshots: [6], kept: 1..<2, reach: 6, begins: true),
        ]
    )
    func plan(_ example: Case) throws {
        let segments = try example.segments.split(separator: " ").map { text in
            let numbers = text.trimmingPrefix("x").split(separator: "-")
            let first = try #require(UInt64(numbers[0]))
            let last = UInt64(numbers[1].prefix(while: \.isNumber))
            return RepairPlan.Segment(
                first: first,
                isLinked: !text.hasPrefix("x"),
                last: last,
                chain: nil,
                isDamaged: text.hasSuffix("!"),
                highest: last ?? first
            )
        }
        func point(_ sequence: UInt64) -> ChainPoint { ChainPoint(sequence: sequence, hash: .beginning) }
        let plan = RepairPlan(segments, snapshots: example.snapshots.map(point), head: example.head.map(point))
        #expect(plan.kept == example.kept)
        #expect(plan.reach.sequence == example.reach)
        #expect(plan.beginsSegment == example.begins)
    }
}
