package import Foundation
import Inventory
import Synchronization

/// The ordered, durable record of every accepted change, as its readers see it.
///
/// A ``JournalWriter`` appends to it; readers on any thread see only what has been published to them.
package final class Journal: Sendable {
    package let folder: JournalFolder
    private let state: Mutex<State>

    private struct State {
        /// Oldest first; the last one is written to.
        var segments: [Segment]
        /// What the last segment has, in the order in which it was written; nil for one that was found at the start.
        var entries: [SegmentIndex.Entry]?
        /// Entries of segments that have been closed and have no index file yet, by their first number.
        var unwritten: [UInt64: [SegmentIndex.Entry]] = [:]
        var sequence: UInt64
        /// What has been announced: the last transaction that the directory has too.
        var announced: UInt64
        var time: Timestamp
        var problem: DiskError?
        var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
        var watcherCount = 0
    }

    /// A segment as readers see it.
    struct Segment: Sendable {
        var file: JournalFolder.Segment
        /// Bytes that may be read.
        var size: Int
        /// Tells a segment from one that it replaced under the same name.
        var generation: Int

        var first: UInt64 { file.first }
    }

    /// The journal as a start has found it.
    convenience init(_ folder: JournalFolder, _ recovery: JournalRecovery) throws(DiskError) {
        try self.init(folder, recovery.segments, last: recovery.last, time: recovery.time)
    }

    /// The journal as it is on disk, for reading only; a server may go on writing it.
    convenience init(reading folder: JournalFolder) throws {
        let files = try folder.segments()
        guard let last = files.last else {
            try self.init(folder, [], last: 0, time: Timestamp(microseconds: 0))
            return
        }
        let survey = try SegmentSurvey(last, successor: nil)
        try self.init(folder, files, last: survey.last, time: survey.time ?? Timestamp(microseconds: 0))
    }

    private init(
        _ folder: JournalFolder,
        _ files: [JournalFolder.Segment],
        last: UInt64,
        time: Timestamp
    ) throws(DiskError) {
        self.folder = folder
        var segments: [Segment] = []
        for file in files {
            segments.append(Segment(file: file, size: try file.size, generation: 0))
        }
        state = Mutex(State(segments: segments, sequence: last, announced: last, time: time))
    }

    // MARK: Reading

    /// The last transaction that is in the journal; the directory may be about to have it.
    package var sequence: UInt64 { state.withLock(\.sequence) }

    /// The last transaction that the directory has too, and that followers may be told of.
    var announced: UInt64 { state.withLock(\.announced) }

    /// Why nothing can be written now.
    package var problem: DiskError? { state.withLock(\.problem) }

    /// Bytes of all segments.
    package var size: Int { state.withLock { $0.segments.reduce(0) { $0 + $1.size } } }

    /// The first number that the journal still has.
    package var oldest: UInt64 { state.withLock { $0.segments.first?.first ?? $0.sequence + 1 } }

    /// The segments, oldest first.
    var segments: [Segment] { state.withLock(\.segments) }

    /// Selects entries of a segment that has no index file, because it is new.
    ///
    /// - Returns: Nil for an older segment.
    func recentEntries(
        of segment: Segment,
        where condition: (SegmentIndex.Entry) -> Bool
    ) -> [SegmentIndex.Entry]? {
        state.withLock { state in
            if let entries = state.unwritten[segment.first] { return entries.filter(condition) }
            guard state.segments.last?.first == segment.first else { return nil }
            return state.entries?.filter(condition)
        }
    }

    /// Says whenever there may be more to read, the first time at once.
    ///
    /// - Throws: When too many watch.
    func watch() throws(Refusal) -> (id: Int, signals: AsyncStream<Void>) {
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state -> Int? in
            guard state.watchers.count < Self.maximumWatchers else { return nil }
            state.watcherCount += 1
            state.watchers[state.watcherCount] = continuation
            return state.watcherCount
        }
        guard let id else {
            throw Refusal(.unavailable, "\(Self.maximumWatchers) clients follow the events already.")
        }
        continuation.yield()
        return (id, signals)
    }

    /// Gives a watcher a signal.
    func wake(_ id: Int) {
        state.withLock { $0.watchers[id] }?.yield()
    }

    /// Ends a watcher's signals.
    func unwatch(_ id: Int) {
        state.withLock { $0.watchers.removeValue(forKey: id) }?.finish()
    }

    /// How many can watch at once.
    private static let maximumWatchers = 1024

    // MARK: Publishing

    /// Lets readers see what has been appended to the last segment.
    func publish(_ entries: [SegmentIndex.Entry], size: Int, sequence: UInt64, time: Timestamp) {
        state.withLock { state in
            state.entries?.append(contentsOf: entries)
            state.segments[state.segments.count - 1].size = size
            state.sequence = sequence
            state.time = time
        }
    }

    /// Tells followers of what has been published.
    func announce() {
        let watchers = state.withLock { state in
            state.announced = state.sequence
            return Array(state.watchers.values)
        }
        for watcher in watchers { watcher.yield() }
    }

    /// Lets readers see a new segment, which replaces those that begin with the same number or a later one.
    func publish(_ file: JournalFolder.Segment, size: Int, entries: [SegmentIndex.Entry]) {
        state.withLock { state in
            let generation = (state.segments.last?.generation ?? 0) + 1
            if let last = state.segments.last, last.first < file.first {
                state.unwritten[last.first] = state.entries?.filter { $0.sequence < file.first }
            }
            state.segments.removeAll { $0.first >= file.first }
            state.segments.append(Segment(file: file, size: size, generation: generation))
            state.entries = entries
            state.problem = nil
        }
    }

    /// Says why nothing can be written.
    func publish(_ problem: DiskError) {
        state.withLock { $0.problem = problem }
    }

    // MARK: Upkeep

    /// Writes the indices of segments that have been closed.
    func writeIndices() throws(DiskError) {
        for (first, entries) in state.withLock(\.unwritten) {
            try folder.disk.replace(folder.segment(first).indexPath, SegmentIndex(entries).contents)
            state.withLock { $0.unwritten[first] = nil }
        }
    }

    /// Removes the segments of which nothing is needed.
    ///
    /// - Parameter oldest: The oldest moment that must be readable: transactions up to it are not needed.
    /// - Returns: How many segments were removed.
    func prune(upTo oldest: UInt64) throws(DiskError) -> Int {
        let removed = state.withLock { state in
            let needed = state.segments.dropFirst().firstIndex { $0.first > oldest + 1 } ?? state.segments.count
            let removed = state.segments.prefix(max(0, needed - 1))
            state.segments.removeFirst(removed.count)
            for segment in removed { state.unwritten[segment.first] = nil }
            return removed
        }
        for segment in removed {
            try folder.disk.remove(segment.file.path)
            if FileManager.default.fileExists(atPath: segment.file.indexPath.path) {
                try folder.disk.remove(segment.file.indexPath)
            }
            // So that a crash never leaves an older one without a younger.
            try folder.disk.sync(folder.path)
        }
        return removed.count
    }
}

extension JournalFolder.Segment {
    /// Bytes of the file.
    var size: Int {
        get throws(DiskError) {
            do {
                return try path.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
            } catch {
                throw DiskError(message: "cannot look at \(path.path): \(error.localizedDescription)")
            }
        }
    }
}
