import DequeModule
import Inventory
package import Logging
import Metrics
package import Records
import Schema
import ServiceLifecycle
import Synchronization

/// Writes down who has done what, in a file of its own that only grows.
///
/// What is recorded goes into a queue, and from there by batches into the file. What must be on stable storage before it is done
/// waits for that.
package final class AuditLog: Service {
    private struct Entry {
        /// Nil for nothing but a wait for what came before.
        var event: AuditEvent?
        /// How many refusals before it were left out.
        var omitted = 0
        /// Who waits until it is on stable storage.
        var waiter: CheckedContinuation<Void, any Error>?
    }

    private struct State {
        var entries: Deque<Entry> = []
        var isDraining = false
        /// The second of the last refusal, and how many there were in it.
        var second: Int64 = 0
        var refusals = 0
        var omitted = 0
    }

    private let state = Mutex(State())
    private let writer: AuditWriter
    private let omissions = Counter(label: "audit_refusals_omitted_total")

    /// How many lines wait to be written; further ones are lost, and counted.
    private static let maximumWaiting = 10_000
    /// How many of them are written at once.
    private static let batch = 500
    /// How many refusals of a second are recorded; further ones are left out, and counted.
    private static let refusalsEachSecond = 100

    /// Goes on with a file, or begins one.
    ///
    /// - Parameter maximumSize: Beyond that, in bytes, the file becomes the older one, and another is begun.
    /// - Throws: ``DiskError`` where it cannot be written, or is no audit log.
    package init(_ file: AuditFile, maximumSize: Int, disk: Disk, logger: Logger) throws(DiskError) {
        writer = try AuditWriter(file, maximumSize: maximumSize, disk: disk, logger: logger)
    }

    /// Records an event, soon.
    package func record(_ event: AuditEvent) {
        let mustBegin = state.withLock { state in
            var entry = Entry(event: event)
            if event.kind == .refusal {
                let second = event.time.microseconds / 1_000_000
                if second != state.second { (state.second, state.refusals) = (second, 0) }
                guard state.refusals < Self.refusalsEachSecond else {
                    state.omitted += 1
                    omissions.increment()
                    return false
                }
                state.refusals += 1
                entry.omitted = state.omitted
                state.omitted = 0
            }
            return add(entry, to: &state)
        }
        if mustBegin { Task { await drain() } }
    }

    /// Records an event, and returns once it is on stable storage.
    ///
    /// - Throws: Where it cannot be written; then it is not recorded.
    package func recordFirst(_ event: AuditEvent) async throws {
        try await wait(for: event)
    }

    private func wait(for event: AuditEvent?) async throws {
        try await withCheckedThrowingContinuation { continuation in
            let mustBegin = state.withLock { add(Entry(event: event, waiter: continuation), to: &$0) }
            if mustBegin { Task { await drain() } }
        }
    }

    /// - Returns: Whether somebody has to begin to write.
    private func add(_ entry: Entry, to state: inout State) -> Bool {
        guard state.entries.count < Self.maximumWaiting else {
            entry.waiter?.resume(throwing: AuditWriter.Unwritten())
            writer.losses.increment()
            return false
        }
        state.entries.append(entry)
        defer { state.isDraining = true }
        return !state.isDraining
    }

    private func drain() async {
        while true {
            let entries = state.withLock { state in
                let entries = Array(state.entries.prefix(Self.batch))
                state.entries.removeFirst(entries.count)
                state.isDraining = !entries.isEmpty
                return entries
            }
            guard !entries.isEmpty else { return }
            let waiters = entries.compactMap(\.waiter)
            let lines = entries.compactMap { entry in
                entry.event.map { event in
                    var members = event.json
                    if entry.omitted > 0 { members["omitted"] = .number(JSONNumber(entry.omitted)) }
                    return members
                }
            }
            let expendable = entries.count { $0.waiter == nil }
            do {
                try await writer.write(lines, expendable: expendable, sync: !waiters.isEmpty)
                for waiter in waiters { waiter.resume() }
            } catch {
                for waiter in waiters { waiter.resume(throwing: error) }
            }
        }
    }

    /// Opens the file again, which somebody has renamed.
    package func reopen() async { await writer.reopen() }

    /// Brings to stable storage, when the service group has shut down, what was recorded until then.
    package func run() async throws {
        try await gracefulShutdown()
        do {
            try await wait(for: nil)
        } catch {
            // The writer has said why.
        }
    }
}
