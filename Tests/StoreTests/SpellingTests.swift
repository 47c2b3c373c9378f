import Foundation
import Inventory
import Records
import Scheduling
import Schema
import Store
import TestSupport
import Testing

@Suite("One thing, however it is spelled")
struct SpellingTests {
    /// The `ID`s of the components that a search finds.
    private func components(_ inventory: StoreUnderTest, _ conditions: (name: String, value: String)...) async throws
        -> [String]
    {
        let search = try Search(.component, parameters: conditions)
        return try await inventory.store.reader(for: Caller()).search(search).resources
            .compactMap { try parsed($0.stored.document).text("/ID") }.sorted()
    }

    @Test("is what an earlier version stored with fewer digits of a cabinet, in the journal as in a snapshot")
    func cabinets() async throws {
        let inventory = try await StoreUnderTest()
        for (number, type) in [("001", "Cabinet"), ("012c0", "Chassis"), ("1000", "Cabinet")] {
            try await inventory.create(.component, #"{"ID":"x\#(number)","Type":"\#(type)"}"#)
        }
        let copy = try inventory.copied()
        try JournalText(copy).edit { lines in
            for index in lines.indices {
                lines[index].replace(#""ID":"x001""#, with: #""ID":"x1""#)
                lines[index].replace(#""ID":"x012c0""#, with: #""ID":"x12c0""#)
            }
        }
        let replayed = try await StoreUnderTest(in: copy)
        _ = try await replayed.store.takeSnapshot()
        for reopened in [replayed, try await replayed.reopened()] {
            for reference in ["x1", "x01", "X001", "x0001"] {
                #expect(try reopened.get(.component, reference)?.text("/ID") == "x1", "\(reference)")
                let past = reopened.store.reader(at: .sequence(1), for: Caller())
                #expect(try await past.resource(.component, reference).stored != nil)
            }
            #expect(try await components(reopened, ("ID", "x1")) == ["x1"])
            #expect(try await components(reopened, ("ID", "x001"), ("Type", "cabinet")) == ["x1"])
            #expect(try await components(reopened, ("ID", "X01,x012c0"), ("Type", "c*")) == ["x1", "x12c0"])
            #expect(try await components(reopened, ("ID!", "x1,x12c00")) == ["x1000"])
            let taken = try await refusal { try await reopened.create(.component, #"{"ID":"x01","Type":"Cabinet"}"#) }
            #expect(taken?.text.contains("The ID x001 already belongs to the Component x1 ") == true)
        }
        // What is written anew is spelled as today.
        try await replayed.replace(.component, "x1", #"{"ID":"x1","Type":"Cabinet","Subtype":"s"}"#)
        #expect(try replayed.get(.component, "x1")?.text("/ID") == "x001")
        #expect(try await components(replayed, ("ID", "x1"), ("Subtype", "s")) == ["x001"])
    }
}
