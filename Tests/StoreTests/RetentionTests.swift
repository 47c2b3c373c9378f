import Foundation
import Store
import TestSupport
import Testing

@Suite("Retention")
struct RetentionTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    /// The snapshot taken so many hours ago; its sequence number is 1000 less ten for each.
    private static func snapshot(_ hours: Int) -> Retention.Item {
        Retention.Item(
            id: "id-\(200 - hours)",
            date: now.addingTimeInterval(-3600 * Double(hours)),
            sequence: UInt64(1000 - 10 * hours)
        )
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var what: String
        var count = 1
        /// Hours.
        var age: Int?
        /// Hours.
        var history: Int?
        /// The hours of all snapshots.
        var snapshots = [1, 2, 3, 10, 20]
        var reachesBeginning = false
        /// The hours of the snapshots that go.
        var removed: [Int]
        var oldest: UInt64

        var testDescription: String { what }
    }

    @Test(
        "keeps the newest, the young, and what the history needs",
        arguments: [
            Case(what: "the newest", count: 2, removed: [20, 10, 3], oldest: 980),
            Case(what: "one, whatever the count", count: 0, removed: [20, 10, 3, 2], oldest: 990),
            Case(what: "as many as there are", count: 9, removed: [], oldest: 800),
            Case(
                what: "the newest, however long the journal is",
                reachesBeginning: true,
                removed: [20, 10, 3, 2],
                oldest: 990
            ),
            Case(what: "the young beside the newest", age: 4, removed: [20, 10], oldest: 970),
            Case(what: "what is just too old goes", age: 3, removed: [20, 10, 3], oldest: 980),
            Case(what: "the newest beside the young", count: 4, age: 2, removed: [20], oldest: 900),
            Case(
                what: "the young from a clock that was set back",
                age: 1,
                snapshots: [-5, -4, 2],
                removed: [2],
                oldest: 1040
            ),
            Case(what: "the last one before the window", history: 5, removed: [20, 3, 2], oldest: 900),
            Case(
                what: "the last one before the window, though the journal is longer",
                history: 5,
                reachesBeginning: true,
                removed: [20, 3, 2],
                oldest: 900
            ),
            Case(what: "one taken when the window began", history: 10, removed: [20, 3, 2], oldest: 900),
            Case(
                what: "the newest alone, when it is before the window",
                history: 1,
                removed: [20, 10, 3, 2],
                oldest: 990
            ),
            Case(what: "no window is one that begins now", history: 0, removed: [20, 10, 3, 2], oldest: 990),
            Case(what: "what is older than the window by count", count: 5, history: 5, removed: [], oldest: 800),
            Case(
                what: "none before the window, but the beginning",
                history: 30,
                reachesBeginning: true,
                removed: [20, 10, 3, 2],
                oldest: 0
            ),
            Case(what: "none before the window, and no beginning", history: 30, removed: [10, 3, 2], oldest: 800),
            Case(what: "all three rules", count: 2, age: 4, history: 15, removed: [10], oldest: 800),
            Case(what: "none at all", history: 5, snapshots: [], removed: [], oldest: 0),
            Case(
                what: "none at all, and a journal",
                history: 5,
                snapshots: [],
                reachesBeginning: true,
                removed: [],
                oldest: 0
            ),
            Case(what: "a single one", history: 5, snapshots: [1], removed: [], oldest: 990),
            Case(what: "a single old one", history: 5, snapshots: [50], removed: [], oldest: 500),
        ]
    )
    func plan(_ example: Case) {
        let retention = Retention(
            count: example.count,
            age: example.age.map { .seconds(3600 * $0) },
            history: example.history.map { .seconds(3600 * $0) }
        )
        let expected = Retention.Plan(
            removed: example.removed.map { Self.snapshot($0).id },
            oldest: example.oldest
        )
        let snapshots = example.snapshots.map(Self.snapshot)
        for order in [snapshots, snapshots.reversed(), snapshots.shuffled()] {
            #expect(retention.plan(order, reachesBeginning: example.reachesBeginning, now: Self.now) == expected)
        }
    }

    @Test("removes nothing that is needed, and nothing more the second time", arguments: [SeededGenerator().seed, 1])
    func properties(seed: UInt64) {
        print("Random snapshots: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let snapshots = Self.snapshots(using: &generator)
            let retention = Retention(
                count: .random(in: 0...6, using: &generator),
                age: Bool.random(using: &generator) ? .seconds(Int.random(in: 0...300, using: &generator)) : nil,
                history: Bool.random(using: &generator) ? .seconds(Int.random(in: 0...300, using: &generator)) : nil
            )
            let reachesBeginning = Bool.random(using: &generator)
            let context: Comment = "seed \(seed): \(retention) of \(snapshots), beginning: \(reachesBeginning)"

            let plan = retention.plan(
                snapshots.shuffled(using: &generator),
                reachesBeginning: reachesBeginning,
                now: Self.now
            )
            let kept = snapshots.filter { !plan.removed.contains($0.id) }
            #expect(kept.count == snapshots.count - plan.removed.count, context)
            #expect(
                kept.suffix(max(retention.count, 1)).map(\.id) == snapshots.suffix(max(retention.count, 1)).map(\.id),
                context
            )
            if let age = retention.age {
                let young = snapshots.filter { Self.now.timeIntervalSince($0.date) < age / .seconds(1) }
                #expect(young.allSatisfy { !plan.removed.contains($0.id) }, context)
            }
            #expect(kept.allSatisfy { $0.sequence >= plan.oldest }, context)

            if let history = retention.history, let first = snapshots.first {
                // The journal reaches back to the beginning only as long as the plan leaves it there.
                let hasBeginning = reachesBeginning && plan.oldest == 0
                let start = Self.now.addingTimeInterval(-(history / .seconds(1)))
                let moments = [start] + snapshots.map(\.date).filter { start <= $0 && $0 <= Self.now }
                for moment in moments where reachesBeginning || first.date <= moment {
                    #expect(hasBeginning || kept.contains { $0.date <= moment }, context)
                }
                if !reachesBeginning, first.date > start {
                    #expect(kept.first?.id == first.id, context)
                }
            }

            let again = retention.plan(kept, reachesBeginning: reachesBeginning && plan.oldest == 0, now: Self.now)
            #expect(again == Retention.Plan(removed: [], oldest: plan.oldest), context)
        }
    }

    /// Snapshots of the last minutes, oldest first, some of them from the future.
    private static func snapshots(using generator: inout SeededGenerator) -> [Retention.Item] {
        let ages = Set(
            (0..<Int.random(in: 0...12, using: &generator)).map { _ in Int.random(in: -10...400, using: &generator) }
        )
        var sequence: UInt64 = 0
        return ages.sorted(by: >).map { age in
            sequence += .random(in: 1...5, using: &generator)
            return Retention.Item(
                id: "id-\(5000 - age)",
                date: now.addingTimeInterval(-Double(age)),
                sequence: sequence
            )
        }
    }
}
