import Foundation
import Inventory
import Journal
import Records
import Scheduling
import Store
import Tables
import TestSupport
import Testing

@Suite("Random operations and journeys in time")
struct TimeTravelTests {
    /// Documents and secrets by resource, as they were after each transaction.
    private typealias State = [ResourceID: StoredResource]

    private func state(_ inventory: StoreUnderTest) -> State {
        inventory.contents.mapValues { StoredResource(document: $0.document, version: 0, secrets: $0.secrets) }
    }

    @Test("agree with a plain model", arguments: [UInt64.random(in: 0...UInt64.max), 3, 4])
    func model(seed: UInt64) async throws {
        print("Random operations and journeys in time: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var inventory = try await StoreUnderTest { $0.retention = Retention(count: 3) }
        // What was after each transaction, the plain way: a copy of all of it.
        var past: [UInt64: State] = [0: [:]]
        for step in 0..<1200 {
            let slot = Int.random(in: 0..<8, using: &generator)
            let bmc = "x1000c0s\(slot / 2)b0"
            let node = "\(bmc)n\(slot % 2)"
            do {
                switch Int.random(in: 0..<100, using: &generator) {
                case 0..<30:
                    try await inventory.create(
                        .computeNode,
                        #"{"hostname":"h\#(step)","architecture":"a","xname":"\#(node)"}"#
                    )
                case 30..<50:
                    try await inventory.replace(
                        .computeNode,
                        node,
                        #"{"hostname":"h\#(step)","architecture":"a","xname":"\#(node)"}"#
                    )
                case 50..<62: try await inventory.delete(.computeNode, node)
                case 62..<72:
                    try await inventory.replace(
                        .bmc,
                        bmc,
                        #"{"xname":"\#(bmc)","username":"u","password":"p\#(step)","mac_address":"02:00:00:00:00:0\#(slot / 2)"}"#
                    )
                case 72..<76: try await inventory.delete(.bmc, bmc)
                case 76..<84:
                    let moment = try #require(past.keys.sorted().randomElement(using: &generator))
                    _ = try await inventory.store.restore(to: .sequence(moment), for: Caller(subject: "model"))
                    #expect(state(inventory) == past[moment], "step \(step): restore to \(moment)")
                case 84..<90: try await lookBack(inventory, past, &generator, "step \(step)")
                case 90..<95:
                    _ = try await inventory.store.takeSnapshot()
                    let oldest = inventory.store.journal.oldest
                    if oldest > 1 {
                        let kept = try await inventory.store.snapshots().map(\.manifest.sequence).filter {
                            $0 + 1 >= oldest
                        }
                        past = past.filter { $0.key >= kept.min() ?? 0 }
                    }
                default:
                    let before = inventory.contents
                    inventory = try await inventory.reopened { $0.retention = Retention(count: 3) }
                    #expect(inventory.contents == before, "step \(step): reopened")
                }
            } catch let refusal as Refusal {
                // Whether what was asked for is refused depends on what is there; that nothing changes is what counts.
                #expect([.conflict, .notFound].contains(refusal.problems[0].reason), "step \(step): \(refusal)")
            }
            past[inventory.store.journal.sequence] = state(inventory)
        }
    }

    /// Compares what the store says of a random moment, and of the difference of two, with what was.
    private func lookBack(
        _ inventory: StoreUnderTest,
        _ past: [UInt64: State],
        _ generator: inout SeededGenerator,
        _ step: String
    ) async throws {
        let sequences = past.keys.sorted()
        let moment = try #require(sequences.randomElement(using: &generator))
        let other = try #require(sequences.randomElement(using: &generator))
        for kind in [Kind.computeNode, .bmc] {
            let found = try await inventory.store.reader(at: .sequence(moment), for: Caller())
                .search(Search(kind, parameters: [])).resources.map(\.stored)
            let expected = past[moment, default: [:]].filter { $0.key.kind == kind }.sorted { $0.key.id < $1.key.id }
            #expect(found.map(\.document) == expected.map(\.value.document), "\(step): \(kind) at \(moment)")
        }
        let difference = try await inventory.store.difference(
            from: .sequence(moment),
            to: .sequence(other),
            for: Caller()
        )
        var state = past[moment, default: [:]]
        for resource in difference.resources {
            #expect(state[resource.resource]?.document == resource.before?.document, "\(step): \(moment)...\(other)")
            state[resource.resource] = resource.after.map {
                StoredResource(document: $0.document, version: 0, secrets: $0.secrets)
            }
        }
        #expect(state == past[other], "\(step): \(moment)...\(other)")
    }
}
