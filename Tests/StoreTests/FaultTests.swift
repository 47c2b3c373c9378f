import Completeness
import Foundation
import Inventory
import Journal
import Records
import Store
import Synchronization
import Tables
import TestSupport
import Testing

@Suite("A disk that fails")
struct FaultTests {
    /// What a run was told, to be compared with what is there after a restart.
    private struct Run {
        var store: StoreUnderTest?
        var acknowledged: Set<String>
        /// What was refused after that. Where the disk refused to take back what it had, too, the first of it may be
        /// there after a restart.
        var refused: Set<String> = []
    }

    /// What a run finds.
    enum Beginning: CaseIterable {
        /// Not even the folder.
        case nothing
        /// What a store has left that was not closed, so that numbers are passed over.
        case uncleanStop

        /// What is there already.
        var names: Set<String> { self == .nothing ? [] : ["x3000", "x3001"] }

        func home() async throws -> TestFolder {
            if self == .nothing { return TestFolder() }
            let inventory = try await StoreUnderTest()
            for name in names.sorted() {
                try await inventory.create(.component, #"{"ID":"\#(name)","Type":"Cabinet"}"#)
            }
            return try inventory.copied()
        }
    }

    /// Opens a store, writes, takes snapshots and closes it, whatever fails.
    private func run(
        _ disk: Disk,
        _ policy: FsyncPolicy,
        _ beginning: Beginning,
        in home: TestFolder,
        closes: Bool = true
    ) async -> Run {
        var run = Run(acknowledged: beginning.names)
        do {
            run.store = try await StoreUnderTest(in: home) {
                $0.directory.disk = disk
                $0.fsync = policy
            }
        } catch {
            return run
        }
        guard let inventory = run.store else { return run }
        for number in 1000..<1012 {
            let name = "x\(number)"
            do {
                try await inventory.create(.component, #"{"ID":"\#(name)","Type":"Cabinet"}"#)
                run.acknowledged.insert(name)
                run.refused = []
            } catch {
                run.refused.insert(name)
                // What was refused is not to be seen.
                #expect((error as? Refusal)?.problems[0].reason == .unavailable)
                #expect(inventory.resource(.component, name) == nil)
            }
            #expect(inventory.store.count(.component) == run.acknowledged.count)
            guard number % 4 == 3 else { continue }
            do {
                _ = try await inventory.store.takeSnapshot()
            } catch {
                #expect(error is DiskError)
            }
        }
        guard closes else { return run }
        do {
            try await inventory.store.close(takingSnapshot: true)
        } catch {
            #expect(error is DiskError)
        }
        return run
    }

    /// What is there when the disk works again.
    ///
    /// - Parameter lose: Takes something from the copy that is opened.
    private func check(
        _ run: Run,
        _ home: TestFolder,
        _ what: String,
        lose: (TestFolder) throws -> Void = { _ in }
    ) async throws {
        // Not even the folder could be made.
        guard FileManager.default.fileExists(atPath: home.folder.path) else { return }
        let copy = try TestFolder(copying: home.folder)
        try lose(copy)
        let reopened: StoreUnderTest
        do {
            reopened = try await StoreUnderTest(in: copy)
        } catch {
            Issue.record("\(what): \(error)")
            return
        }
        let found = Set(
            try reopened.contents.filter { $0.key.kind == .component }.values.compactMap {
                try parsed($0.document).text("/ID")
            }
        )
        let extra = found.subtracting(run.acknowledged)
        let isRight = found.isSuperset(of: run.acknowledged) && extra.isSubset(of: run.refused) && extra.count <= 1
        #expect(isRight, "\(what): acknowledged \(run.acknowledged.sorted()), found \(found.sorted())")
        #expect(try !copy.inspection().isDamaged, "\(what)")
        for snapshot in try await reopened.store.snapshots() { try snapshot.verify() }
        try await reopened.create(.component, #"{"ID":"x2000","Type":"Cabinet"}"#)
    }

    /// Removes the snapshots, so that everything has to be in the journal.
    private func removeSnapshots(_ home: TestFolder) throws {
        let folder = home.folder.appending(path: "snapshots")
        if FileManager.default.fileExists(atPath: folder.path) { try FileManager.default.removeItem(at: folder) }
    }

    private func countCalls(of policy: FsyncPolicy, _ beginning: Beginning, _ start: TestFolder) async throws -> Int {
        let disk = FaultyDisk()
        let good = await run(disk.disk, policy, beginning, in: try copy(of: start))
        #expect(good.acknowledged.count == 12 + beginning.names.count)
        let calls = disk.calls
        #expect(calls > 50)
        return calls
    }

    private func copy(of start: TestFolder) throws -> TestFolder {
        FileManager.default.fileExists(atPath: start.folder.path)
            ? try TestFolder(copying: start.folder) : TestFolder()
    }

    @Test(
        "at any one of its calls loses nothing that was acknowledged",
        arguments: [
            (FsyncPolicy.always, Beginning.nothing), (.always, .uncleanStop), (.interval(.seconds(1)), .uncleanStop),
            (.never, .uncleanStop),
        ]
    )
    func everyCall(policy: FsyncPolicy, beginning: Beginning) async throws {
        let start = try await beginning.home()
        let disk = FaultyDisk()
        let calls = try await countCalls(of: policy, beginning, start)
        for call in 0..<calls {
            disk.fail { $0 == call }
            let home = try copy(of: start)
            let run = await run(disk.disk, policy, beginning, in: home)
            if run.store != nil { #expect(run.acknowledged.count >= 11 + beginning.names.count) }
            // By turns with and without what snapshots have.
            try await check(run, home, "call \(call) of \(calls)") {
                if call.isMultiple(of: 2) { try removeSnapshots($0) }
            }
        }
    }

    @Test(
        "at any of its calls and once more soon after loses nothing that was acknowledged",
        arguments: [FsyncPolicy.always, .interval(.seconds(1)), .never]
    )
    func twice(policy: FsyncPolicy) async throws {
        var generator = SeededGenerator()
        print("A disk that fails twice: \(generator)")
        let start = try await Beginning.uncleanStop.home()
        let disk = FaultyDisk()
        let calls = try await countCalls(of: policy, .uncleanStop, start)
        for call in 0..<calls {
            let again = call + Int.random(in: 1...24, using: &generator)
            disk.fail { $0 == call || $0 == again }
            let home = try copy(of: start)
            let run = await run(disk.disk, policy, .uncleanStop, in: home)
            try await check(
                run,
                home,
                "calls \(call) and \(again) of \(calls), \(generator.seed)",
                lose: removeSnapshots
            )
        }
    }

    @Test("loses nothing that was acknowledged when the power goes: each segment is cut to what was synced of it")
    func power() async throws {
        let start = try await Beginning.uncleanStop.home()
        let disk = FaultyDisk()
        let calls = try await countCalls(of: .always, .uncleanStop, start)
        // The first time nothing else fails.
        for call in -1..<calls {
            disk.fail { $0 == call }
            let home = try copy(of: start)
            try disk.keep(home)
            let run = await run(disk.disk, .always, .uncleanStop, in: home, closes: false)
            try await check(run, home, "call \(call) of \(calls)") {
                try disk.losePower($0)
                try removeSnapshots($0)
            }
        }
    }

    @Test("refuses writes with the reason, serves reads, and takes writes again by itself when it works")
    func trouble() async throws {
        let disk = FaultyDisk()
        let inventory = try await StoreUnderTest { $0.directory.disk = disk.disk }
        try await inventory.create(.component, #"{"ID":"x1000","Type":"Cabinet"}"#)
        #expect(inventory.store.journal.problem == nil)
        disk.fail { _ in true }
        for name in ["x1001", "x1002"] {
            let refused = try await refusal {
                try await inventory.create(.component, #"{"ID":"\#(name)","Type":"Cabinet"}"#)
            }
            #expect(refused?.reason == .unavailable)
            #expect(refused?.text.contains("Input/output error") ?? false)
            #expect(try inventory.get(.component, name) == nil)
        }
        #expect(inventory.store.journal.problem != nil)
        #expect(try inventory.get(.component, "x1000") != nil)
        disk.fail { _ in false }
        try await inventory.create(.component, #"{"ID":"x1003","Type":"Cabinet"}"#)
        #expect(inventory.store.journal.problem == nil)
        #expect(try await inventory.reopened().contents == inventory.contents)
    }

    @Test("that cannot sync the head of a journal at rest is no reason to stop: the next write begins a segment")
    func headAtRest() async throws {
        let isFailing = Atomic(false)
        let inventory = try await StoreUnderTest {
            $0.directory.disk = Disk { call, path in
                call == .sync && path.lastPathComponent == "head" && isFailing.load(ordering: .relaxed) ? EIO : nil
            }
        }
        try await inventory.create(.component, #"{"ID":"x1000","Type":"Cabinet"}"#)
        isFailing.store(true, ordering: .relaxed)
        // The first look sees that something was written, the second one that nothing more was.
        for _ in 0..<2 { await inventory.store.lookAfterFiles() }
        #expect(inventory.store.journal.problem != nil)
        #expect(
            try await refusal { try await inventory.create(.component, #"{"ID":"x1001","Type":"Cabinet"}"#) } != nil
        )
        isFailing.store(false, ordering: .relaxed)
        try await inventory.create(.component, #"{"ID":"x1001","Type":"Cabinet"}"#)
        #expect(inventory.store.journal.problem == nil)
        #expect(try await inventory.reopened().contents == inventory.contents)
    }

    @Test("is not read before it is synced: no reader sees a change that a crash could take back")
    func unseen() async throws {
        let isSyncing = AsyncStream.makeStream(of: Void.self)
        let mayGoOn = DispatchSemaphore(value: 0)
        let isArmed = Atomic(false)
        let inventory = try await StoreUnderTest {
            $0.directory.disk = Disk { call, path in
                if call == .sync, path.pathExtension == "ndjson", isArmed.exchange(false, ordering: .relaxed) {
                    isSyncing.continuation.yield()
                    mayGoOn.wait()
                }
                return nil
            }
        }
        isArmed.store(true, ordering: .relaxed)
        async let created = inventory.create(.component, #"{"ID":"x1000","Type":"Cabinet"}"#)
        for await _ in isSyncing.stream { break }
        #expect(inventory.resource(.component, "x1000") == nil)
        #expect(inventory.store.journal.sequence == 0)
        mayGoOn.signal()
        _ = try await created
        #expect(inventory.resource(.component, "x1000") != nil)
    }

    @Test("is asked to sync once for all that waits")
    func groupCommit() async throws {
        let syncs = Atomic(0)
        let inventory = try await StoreUnderTest {
            $0.directory.disk = Disk { call, path in
                if call == .sync, path.pathExtension == "ndjson" {
                    syncs.wrappingAdd(1, ordering: .relaxed)
                    // A disk that takes its time, so that others come to wait.
                    usleep(2000)
                }
                return nil
            }
        }
        syncs.store(0, ordering: .relaxed)
        try await withThrowingTaskGroup { group in
            for writer in 0..<64 {
                group.addTask {
                    for number in 0..<10 {
                        try await inventory.create(
                            .component,
                            #"{"ID":"x\#(1000 + writer)c\#(number)","Type":"Chassis"}"#
                        )
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(inventory.store.count(.component) == 640)
        #expect(syncs.load(ordering: .relaxed) < 160)
        #expect(try await inventory.reopened().contents == inventory.contents)
    }
}
