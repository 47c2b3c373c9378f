import Foundation
import Inventory
import Journal
import Records
import Scheduling
import Store
import TestSupport
import Testing

@Suite("A clock that was ahead for a while")
struct ClockTests {
    private static func cabinet(_ number: Int) -> String { #"{"ID":"x\#(number)","Type":"Cabinet"}"# }

    private static var now: Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1000) * 1000) }

    @Test("hides no later write: times of then are refused, numbers are not, and it is said")
    func ahead() async throws {
        let before = try await StoreUnderTest()
        for number in 1000..<1002 { try await before.create(.component, Self.cabinet(number)) }
        // The last one was written an hour ahead.
        let copy = try before.copied()
        let early = try #require(
            try await before.store.versions(.component, "x1000", limit: 1, for: Caller())?.versions.first?.time
        )
        let future = Timestamp(microseconds: Self.now.microseconds + 3_600_000_000)
        try JournalText(copy).edit { lines in
            lines[2].replace(/"at":"[^"]*"/, maxReplacements: 1) { _ in #""at":"\#(future.millisecondText)""# }
        }
        let inventory = try await StoreUnderTest(in: copy)
        try await inventory.create(.component, Self.cabinet(1002))
        let end = inventory.store.journal.sequence
        for inventory in [inventory, try await inventory.reopened()] {
            #expect(inventory.store.journal.clockLag > 3500)
            let refused = try await refusal {
                _ = try await inventory.store.reader(at: .time(Self.now), for: Caller()).resource(.component, "x1002")
            }
            #expect(refused?.reason == .conflict)
            #expect(refused?.text.contains("the clock was set back") ?? false)
            #expect(
                try await inventory.store.reader(at: .sequence(end), for: Caller()).resource(.component, "x1002").stored
                    != nil
            )
            #expect(
                try await inventory.store.reader(at: .time(early), for: Caller()).resource(.component, "x1000").stored
                    != nil
            )
            #expect(
                try await inventory.store.reader(at: .time(early), for: Caller()).resource(.component, "x1001").stored
                    == nil
            )
        }
        // Transactions go on with the time of the last one, so that times never run backwards.
        let versions = try await inventory.store.versions(.component, "x1002", limit: 1, for: Caller())?.versions
        #expect(versions?.first?.time?.millisecondText == future.millisecondText)
    }

    @Test("that has caught up is not spoken of")
    func caughtUp() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.component, Self.cabinet(1000))
        #expect(inventory.store.journal.clockLag == 0)
        #expect(
            try await inventory.store.reader(at: .time(Self.now), for: Caller()).resource(.component, "x1000").stored
                != nil
        )
    }
}
