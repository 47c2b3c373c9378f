import Foundation
import Records
import Synchronization
import TestSupport

/// A disk that fails a call now and then, and knows what would survive if the power went.
final class FaultyDisk: Sendable {
    private let state = Mutex(State())

    private struct State {
        var calls = 0
        var isFailing: @Sendable (Int) -> Bool = { _ in false }
        /// The size that each segment had when it was synced last, by its name.
        var durable: [String: Int] = [:]

        /// Takes note of a call that the disk carries out for a segment.
        mutating func note(_ call: Disk.Call, _ path: URL) {
            let name = path.lastPathComponent
            let finalName = String(name.trimmingPrefix(".partial-"))
            switch call {
            case .sync:
                // A segment that is written to is known by the name that it had when it was begun.
                for name in [name, finalName] {
                    var status = stat()
                    guard stat(path.deletingLastPathComponent().appending(path: name).path, &status) == 0 else {
                        continue
                    }
                    durable[name] = Int(status.st_size)
                    return
                }
            case .rename: durable[finalName] = durable.removeValue(forKey: name)
            case .remove: durable[name] = nil
            case .open, .write, .link, .truncate: break
            }
        }
    }

    /// How many calls there have been.
    var calls: Int { state.withLock(\.calls) }

    /// Lets calls fail, counted from 0 from here on.
    func fail(_ isFailing: @escaping @Sendable (Int) -> Bool) {
        state.withLock { $0 = State(isFailing: isFailing) }
    }

    var disk: Disk {
        Disk { call, path in
            self.state.withLock { state in
                defer { state.calls += 1 }
                if state.isFailing(state.calls) { return EIO }
                if path.pathExtension == "ndjson" { state.note(call, path) }
                return nil
            }
        }
    }

    /// Takes what a folder has for durable.
    func keep(_ home: TestFolder) throws {
        for segment in try segments(in: home.folder) {
            let size = try Data(contentsOf: segment).count
            state.withLock { $0.durable[segment.lastPathComponent] = size }
        }
    }

    /// Takes from a folder's journal what was never synced, as if the power had gone.
    func losePower(_ home: TestFolder) throws {
        let durable = state.withLock(\.durable)
        for segment in try segments(in: home.folder) {
            let bytes = try Data(contentsOf: segment)
            if let size = durable[segment.lastPathComponent] {
                try bytes.prefix(size).write(to: segment)
            } else {
                try FileManager.default.removeItem(at: segment)
            }
        }
    }
}
