import Inventory
import TestSupport
import Testing

@testable import Scheduling

@Suite("Turns", .timeLimit(.minutes(5)))
struct TurnsTests {
    private static let (alice, bob, carol) = (
        Caller(subject: "alice"), Caller(subject: "bob"), Caller(address: "10.0.0.1")
    )

    /// Something that goes on until it is told to end.
    private final class Work: Sendable {
        private let (ends, end) = AsyncStream<Void>.makeStream()
        private let (starts, start) = AsyncStream<Void>.makeStream()

        func run() async {
            start.finish()
            for await _ in ends {}
        }

        func hasBegun() async {
            for await _ in starts {}
        }

        func finish() {
            end.finish()
        }
    }

    /// Puts requests in line one after the other behind one that goes on, then lets them in.
    ///
    /// - Returns: The order in which they had their turns.
    private func order(of callers: [Caller], in turns: Turns, behind first: Caller) async throws -> [Caller] {
        let work = Work()
        let order = Shared<[Caller]>([])
        try await withThrowingTaskGroup { group in
            group.addTask { try await turns.turn(of: first) { await work.run() } }
            await work.hasBegun()
            for (index, caller) in callers.enumerated() {
                group.addTask { try await turns.turn(of: caller) { order.change { $0.append(caller) } } }
                while turns.waitingCount < index + 1 { try await Task.sleep(for: .milliseconds(1)) }
            }
            work.finish()
            try await group.waitForAll()
        }
        return order.value
    }

    @Test("are taken by callers one after the other, however many requests each has in line")
    func round() async throws {
        let (alice, bob, carol) = (Self.alice, Self.bob, Self.carol)
        let callers = [alice, alice, alice, alice, bob, bob, carol]
        let order = try await order(
            of: callers,
            in: Turns(places: 1, placesEach: 1, patience: .seconds(300)),
            behind: alice
        )
        #expect(order == [alice, bob, carol, alice, bob, alice, alice])
    }

    @Test("are never all one caller's, so that another need not wait")
    func lastPlace() async throws {
        let turns = Turns(places: 2, placesEach: 1, patience: .seconds(300))
        let (first, second) = (Work(), Work())
        try await withThrowingTaskGroup { group in
            group.addTask { try await turns.turn(of: Self.alice) { await first.run() } }
            await first.hasBegun()
            group.addTask { try await turns.turn(of: Self.alice) {} }
            while turns.waitingCount < 1 { try await Task.sleep(for: .milliseconds(1)) }
            group.addTask { try await turns.turn(of: Self.bob) { await second.run() } }
            await second.hasBegun()
            #expect(turns.waitingCount == 1)
            second.finish()
            first.finish()
            try await group.waitForAll()
        }
    }

    @Test("are not given to more than may wait: the last of the longest line goes")
    func full() async throws {
        let turns = Turns(places: 1, placesEach: 1, patience: .seconds(300), maximumWaiting: 64)
        let work = Work()
        let refused = Shared(0)
        try await withThrowingTaskGroup { group in
            group.addTask { try await turns.turn(of: Self.carol) { await work.run() } }
            await work.hasBegun()
            for _ in 0...turns.maximumWaiting {
                group.addTask {
                    do {
                        try await turns.turn(of: Self.alice) {}
                    } catch is TurnError {
                        refused.change { $0 += 1 }
                    }
                }
            }
            while turns.waitingCount < turns.maximumWaiting || refused.value < 1 {
                try await Task.sleep(for: .milliseconds(1))
            }
            group.addTask { try await turns.turn(of: Self.bob) {} }
            while refused.value < 2 { try await Task.sleep(for: .milliseconds(1)) }
            work.finish()
            try await group.waitForAll()
        }
        #expect(refused.value == 2)
    }

    @Test("do not keep anybody for ever, and go on when one that waits is cancelled")
    func givingUp() async throws {
        let turns = Turns(places: 1, placesEach: 1, patience: .milliseconds(20))
        let work = Work()
        let first = Task { try await turns.turn(of: Self.alice) { await work.run() } }
        await work.hasBegun()
        await #expect(throws: TurnError.self) { try await turns.turn(of: Self.bob) {} }
        let patient = Turns(places: 1, placesEach: 1, patience: .seconds(300))
        let other = Work()
        let second = Task { try await patient.turn(of: Self.alice) { await other.run() } }
        await other.hasBegun()
        let waiting = Task { try await patient.turn(of: Self.bob) {} }
        while patient.waitingCount < 1 { try await Task.sleep(for: .milliseconds(1)) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(patient.waitingCount == 0)
        work.finish()
        other.finish()
        try await first.value
        try await second.value
        try await turns.turn(of: Self.bob) {}
        try await patient.turn(of: Self.bob) {}
    }
}
