import Foundation
import Inventory
import Journal
import Records
import Scheduling
import Schema
import Store
import TestSupport
import Testing

@Suite("Long work", .timeLimit(.minutes(5)))
struct SearchLimitTests {
    /// Nodes on which a search by ``slow`` would take hours.
    private func filled(_ timeout: Duration) async throws -> StoreUnderTest {
        let inventory = try await StoreUnderTest { $0.searchTimeout = timeout }
        let text = String(repeating: "a", count: 1 << 20)
        for number in 0..<8 {
            try await inventory.create(
                .computeNode,
                #"{"hostname":"n\#(number)","architecture":"a","description":"\#(text)"}"#
            )
        }
        return inventory
    }

    private static func slow() throws -> Search {
        let pattern = "*\(String(repeating: "a?", count: 8000))b"
        return try Search(.computeNode, parameters: [("description", pattern)])
    }

    @Test(
        "is not to read a value, whatever it comes to",
        arguments: [
            ("description", "[0-99]" + String(repeating: "?", count: 60_000)),
            ("description", "[0-299]" + String(repeating: "[0]", count: 20_000)),
            ("description", "[0-99]" + String(repeating: "\\?", count: 30_000)),
            ("description", String(repeating: "a*", count: 30_000)),
            ("xname", String(repeating: "*x1c1", count: 10_000)),
            ("mac", String(repeating: "*1:2", count: 14_000)),
            ("mac", Array(repeating: "*" + String(repeating: "abc*", count: 13), count: 256).joined(separator: ",")),
        ]
    )
    func reading(name: String, value: String) {
        do throws(Refusal) {
            _ = try Search(.computeNode, parameters: [(name, value)])
        } catch {
            // It may be refused for what it comes to, and for nothing else.
            #expect("\(error)".contains("more than"), "\(String("\(error)".prefix(300)))")
        }
    }

    private func find(_ hostname: String, in inventory: StoreUnderTest) async throws -> Int {
        let search = try Search(.computeNode, parameters: [("hostname", hostname)])
        return try await inventory.store.reader(for: Caller()).search(search).resources.count
    }

    @Test("ends when its time is over, now or in the past; what comes after is as usual")
    func timeout() async throws {
        let inventory = try await filled(.milliseconds(200))
        let search = try Self.slow()
        for work in [
            { _ = try await inventory.store.reader(for: Caller()).search(search) },
            { _ = try await inventory.store.reader(for: Caller()).count(search) },
            { _ = try await inventory.store.reader(at: .sequence(4), for: Caller()).search(search) },
            { _ = try await inventory.store.reader(at: .sequence(7), for: Caller()).count(search) },
            {
                _ = try await inventory.store.commit(search, expecting: nil, for: Caller(), isDryRun: false) {
                    .delete(.computeNode, $0)
                }
            },
        ] as [@Sendable () async throws -> Void] {
            let refusal = try #require(try await refusal(of: work))
            #expect(refusal.reason == .timedOut && refusal.text.contains("0.2 s"))
        }
        try await inventory.create(.computeNode, #"{"hostname":"new","architecture":"a"}"#)
        #expect(try await find("n*", in: inventory) == 9)
    }

    @Test("ends when nobody waits for it any more, and holds up neither writes nor snapshots meanwhile")
    func cancellation() async throws {
        let inventory = try await filled(.seconds(3600))
        let caller = Caller(subject: "slow")
        let work = [
            Task { [search = try Self.slow()] in _ = try await inventory.store.reader(for: caller).search(search) },
            Task { [search = try Self.slow()] in
                _ = try await inventory.store.reader(at: .sequence(5), for: caller).search(search)
            },
        ]
        try await inventory.create(.computeNode, #"{"hostname":"new","architecture":"a"}"#)
        #expect(try await find("new", in: inventory) == 1)
        #expect(try await inventory.store.takeSnapshot().isNew)
        for work in work {
            work.cancel()
            await #expect(throws: CancellationError.self) { try await work.value }
        }
    }

    @Test("of a change of many is done again when others were faster, three times, and is as of what it says")
    func overtaken() async throws {
        let inventory = try await StoreUnderTest()
        try await inventory.create(.component, #"{"ID":"x1000","Type":"Cabinet","NID":1}"#)
        try await inventory.create(.component, #"{"ID":"x1001","Type":"Cabinet","NID":1}"#)
        func change(overtaken times: Int) async throws -> (receipt: Receipt, sequence: UInt64) {
            let left = Shared(times)
            let mine = try parsed(#"{"State":"Off"}"#)
            return try await inventory.store.commit(
                Search(.component, parameters: [("Type", "Cabinet"), ("ID", "x100*")]),
                expecting: 2,
                for: Caller(subject: "alice"),
                isDryRun: false
            ) { reference in
                // A write that comes between the search and the change.
                let number = left.change { left in
                    left -= 1
                    return left
                }
                if number >= 0 {
                    let other: JSONValue = ["NID": .number(JSONNumber(number + 100))]
                    _ = inventory.store.submit([
                        Transaction(
                            author: nil,
                            [.init(.patch(.component, Kind.component.reference("x1000"), MergePatch(other)))]
                        )
                    ])
                }
                return .patch(.component, reference, MergePatch(mine))
            }
        }
        // Each try asks for two actions, of which the first is overtaken.
        let (receipt, sequence) = try await change(overtaken: 1)
        #expect(receipt.changeCount == 2 && sequence == 3 && receipt.sequence == 4)
        let refusal = try #require(try await refusal { _ = try await change(overtaken: 100) })
        #expect(refusal.reason == .conflict && refusal.text.contains("3 times"))
        #expect(try inventory.get(.component, "x1001")?.text("/State") == "Off")
    }

    @Test("of a restore lets others write meanwhile, and what it leaves is what was")
    func restore() async throws {
        let inventory = try await StoreUnderTest()
        for number in 0..<200 {
            try await inventory.create(.component, #"{"ID":"x\#(1000 + number)","Type":"Cabinet","NID":\#(number)}"#)
        }
        _ = try await inventory.store.takeSnapshot()
        let target = inventory.store.journal.sequence
        let isDone = Shared(false)
        try await withThrowingTaskGroup { group in
            for writer in 0..<4 {
                group.addTask {
                    var round = 0
                    // The more they write, the longer each restore takes.
                    while !isDone.value, round < 2000 {
                        round += 1
                        let name = "x\(1000 + (round * 7 + writer * 50) % 220)"
                        let text = #"{"ID":"\#(name)","Type":"Cabinet","NID":\#(round + 1000)}"#
                        do {
                            if inventory.resource(.component, name) == nil {
                                try await inventory.create(.component, text)
                            } else if round % 3 == 0 {
                                try await inventory.delete(.component, name)
                            } else {
                                try await inventory.replace(.component, name, text)
                            }
                        } catch is Refusal {
                            // Another was faster.
                        }
                    }
                }
            }
            for _ in 0..<10 {
                let result = try await inventory.store.restore(to: .sequence(target), for: Caller())
                let difference = try await inventory.store.difference(
                    from: .sequence(target),
                    to: .sequence(result.to),
                    for: Caller()
                )
                #expect(difference.resources.isEmpty)
            }
            isDone.change { $0 = true }
            try await group.waitForAll()
        }
    }
}
