import Foundation
import Inventory
import Store
import Synchronization
import Testing

/// A disk that fails a call now and then.
private final class FaultyDisk: Sendable {
    private let state = Mutex((calls: 0, failing: 0..<0))

    /// How many calls there have been.
    var calls: Int { state.withLock(\.calls) }

    /// Lets calls fail from one on, counted from 0.
    func fail(from first: Int, count: Int) {
        state.withLock { $0 = (0, first..<first + count) }
    }

    var disk: Disk {
        Disk { _, _ in
            self.state.withLock { state in
                defer { state.calls += 1 }
                return state.failing.contains(state.calls) ? EIO : nil
            }
        }
    }
}

@Suite("A disk that fails")
struct FaultTests {
    /// What a run was told, to be compared with what is there after a restart.
    private struct Run {
        var store: StoreUnderTest?
        var acknowledged: Set<String> = []
        /// What was refused after that. Where the disk refused to take back what it had, too, the first of it may be
        /// there after a restart.
        var refused: Set<String> = []
    }

    /// Opens a store, writes, takes snapshots and closes it, whatever fails.
    private func run(_ disk: Disk, _ policy: FsyncPolicy, in home: TestFolder) async -> Run {
        var run = Run()
        do {
            run.store = try await StoreUnderTest(in: home) {
                $0.disk = disk
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
                #expect(inventory.store.resource(.component, name) == nil)
            }
            #expect(inventory.store.directory.count(.component) == run.acknowledged.count)
            guard number % 4 == 3 else { continue }
            do {
                _ = try await inventory.store.takeSnapshot()
            } catch {
                #expect(error is DiskError)
            }
        }
        do {
            try await inventory.store.close(takingSnapshot: true)
        } catch {
            #expect(error is DiskError)
        }
        return run
    }

    /// What is there when the disk works again.
    private func check(_ run: Run, _ home: TestFolder, _ what: String) async throws {
        // Not even the folder could be made.
        guard FileManager.default.fileExists(atPath: home.folder.path) else { return }
        let copy = try TestFolder(copying: home.folder)
        let reopened = try await StoreUnderTest(in: copy)
        let found = Set(
            try reopened.store.directory.all(.component).compactMap { try parsed($0.stored.document).text("/ID") }
        )
        let extra = found.subtracting(run.acknowledged)
        let isRight = found.isSuperset(of: run.acknowledged) && extra.isSubset(of: run.refused) && extra.count <= 1
        #expect(isRight, "\(what): acknowledged \(run.acknowledged.sorted()), found \(found.sorted())")
        #expect(try !JournalInspection(JournalFolder(copy.folder.appending(path: "journal"))).isDamaged, "\(what)")
        for snapshot in try await reopened.store.snapshots() { try snapshot.verify() }
        try await reopened.create(.component, #"{"ID":"x2000","Type":"Cabinet"}"#)
    }

    @Test(
        "at any one of its calls, or at several from there on, loses nothing that was acknowledged",
        arguments: [FsyncPolicy.always, .interval(.seconds(1)), .never],
        [1, 7]
    )
    func everyCall(policy: FsyncPolicy, count: Int) async throws {
        let disk = FaultyDisk()
        let good = await run(disk.disk, policy, in: TestFolder())
        #expect(good.acknowledged.count == 12)
        let calls = disk.calls
        #expect(calls > 50)
        for call in 0..<calls {
            disk.fail(from: call, count: count)
            let home = TestFolder()
            let run = await run(disk.disk, policy, in: home)
            if count == 1, run.store != nil { #expect(run.acknowledged.count >= 11) }
            try await check(run, home, "call \(call) of \(calls)")
        }
    }

    @Test("refuses writes with the reason, serves reads, and takes writes again by itself when it works")
    func trouble() async throws {
        let disk = FaultyDisk()
        let inventory = try await StoreUnderTest { $0.disk = disk.disk }
        try await inventory.create(.component, #"{"ID":"x1000","Type":"Cabinet"}"#)
        #expect(inventory.store.journal.problem == nil)
        disk.fail(from: 0, count: .max / 2)
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
        disk.fail(from: 0, count: 0)
        try await inventory.create(.component, #"{"ID":"x1003","Type":"Cabinet"}"#)
        #expect(inventory.store.journal.problem == nil)
        #expect(try await inventory.reopened().contents == inventory.contents)
    }

    @Test("is not read before it is synced: no reader sees a change that a crash could take back")
    func unseen() async throws {
        let isSyncing = AsyncStream.makeStream(of: Void.self)
        let mayGoOn = DispatchSemaphore(value: 0)
        let isArmed = Atomic(false)
        let inventory = try await StoreUnderTest {
            $0.disk = Disk { call, path in
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
        #expect(inventory.store.resource(.component, "x1000") == nil)
        #expect(inventory.store.journal.sequence == 0)
        mayGoOn.signal()
        _ = try await created
        #expect(inventory.store.resource(.component, "x1000") != nil)
    }

    @Test("is asked to sync once for all that waits")
    func groupCommit() async throws {
        let syncs = Atomic(0)
        let inventory = try await StoreUnderTest {
            $0.disk = Disk { call, path in
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
        #expect(inventory.store.directory.count(.component) == 640)
        #expect(syncs.load(ordering: .relaxed) < 160)
        #expect(try await inventory.reopened().contents == inventory.contents)
    }
}
