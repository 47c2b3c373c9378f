import Foundation
import Inventory
import Logging
import Records
import TestSupport
import Testing

@testable import Store

@Suite("The committer")
struct CommitterTests {
    /// A committer with a log in memory.
    private final class Rig: Sendable {
        let log = MemoryLog.Control()
        let views: Views
        let committer: Committer
        private let intake: Intake
        private let home = TestFolder()

        init() throws {
            let writer = DirectoryWriter()
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let projection = try Projection(temporaryDirectory: home.folder, logger: logger)
            views = Views(writer, projection)
            intake = try Intake(
                directory: writer.directory,
                sealer: SecretSealer([try CredentialKey(Array(repeating: 1, count: 32))])
            )
            committer = Committer(views: views, log: MemoryLog(log), intake: intake)
        }

        /// Creates a collection of that name.
        func create(_ name: String) async -> Result<Receipt, any Error> {
            await submit(name).results()[0]
        }

        func submit(_ name: String) -> SubmittedTransactions {
            do {
                let document = #"{"name":"\#(name)","type":"job","nodes":[]}"#
                let submission = try intake.submission(of: Array(document.utf8), .nodeCollection)
                return committer.submit([Transaction(author: nil, [.create(submission)])])
            } catch {
                preconditionFailure("\(error)")
            }
        }

        func has(_ name: String) -> Bool {
            views.directory.holder(.nodeCollection, of: UniqueKey(name: "name", value: name)) != nil
        }
    }

    @Test("answers a batch of which the log did not say that it counts as done when it does")
    func silentlyCounted() async throws {
        let rig = try Rig()
        _ = try await rig.create("a").get()
        rig.log.fail(.isSilent(counts: true))
        let receipt = try await rig.create("b").get()
        #expect(receipt.sequence == 2 && rig.views.position.sequence == 2)
        #expect(rig.has("a") && rig.has("b"))
        #expect(try await rig.create("c").get().sequence == 3)
    }

    @Test("refuses a batch that does not count, and has none of it", arguments: [true, false])
    func refused(isSilent: Bool) async throws {
        let rig = try Rig()
        rig.log.fail(isSilent ? .isSilent(counts: false) : .refuses)
        await #expect(throws: Refusal.self) { _ = try await rig.create("a").get() }
        #expect(!rig.has("a") && rig.views.position.sequence == 0)
        // The number is not given again.
        #expect(try await rig.create("b").get().sequence == 2)
        #expect(try await rig.views.projection.catchUp() == 2)
    }

    @Test("says that it does not know what became of a batch, and goes on when it does", arguments: [true, false])
    func unknown(counts: Bool) async throws {
        let rig = try Rig()
        rig.log.isUnreadable = true
        rig.log.fail(.isSilent(counts: counts))
        let refusal = await #expect(throws: Refusal.self) { try await rig.create("a").get() }
        #expect(refusal?.description.contains("not known whether this was done") == true)
        // Nothing is worked out before that is known.
        await #expect(throws: Refusal.self) { _ = try await rig.create("b").get() }
        #expect(!rig.has("a") && !rig.has("b"))
        rig.log.isUnreadable = false
        #expect(try await rig.create("c").get().sequence == 2)
        #expect(rig.has("a") == counts && rig.has("c"))
    }

    @Test("has one batch in flight, for which whatever else is done with the log waits")
    func inFlight() async throws {
        let rig = try Rig()
        let (began, beginning) = AsyncStream.makeStream(of: Void.self)
        let (goesOn, going) = AsyncStream.makeStream(of: Void.self)
        rig.log.pause {
            beginning.yield()
            for await _ in goesOn { return }
        }
        let first = rig.submit("a")
        for await _ in began { break }
        let second = rig.submit("b")
        #expect(!rig.has("a"))
        async let synced: Void = rig.committer.sync()
        async let rotated: Void = rig.committer.rotate(at: 0)
        // Whoever comes after them on the committer's thread comes when they wait.
        _ = try await rig.committer.recording { $0.start }
        #expect(rig.log.calls.isEmpty)
        going.yield()
        going.yield()
        _ = try await (first.results()[0].get(), second.results()[0].get(), synced, rotated)
        try await rig.committer.close()
        let calls = rig.log.calls
        #expect(calls.first == "append" && calls.last == "end")
        #expect(calls.count { $0 == "append" } == 2 && Set(calls) == ["append", "sync", "rotate", "end"])
        await #expect(throws: Refusal.self) { _ = try await rig.create("c").get() }
    }
}
