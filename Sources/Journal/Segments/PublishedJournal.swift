import Foundation
package import Inventory
package import Records
import Synchronization

/// The ordered, durable record of every accepted change, as its readers see it.
///
/// A ``JournalWriter`` appends to it; readers on any thread see only what has been published to them.
package final class PublishedJournal: Sendable {
    package let folder: JournalFolder
    private let state: Mutex<State>

    private struct State {
        /// Oldest first; the last one is written to.
        var segments: [Segment]
        /// What the last segment has, write by write; nil for one that was found at the start.
        var entries: [[ChangePlace]]?
        /// Entries of segments that have been closed and have no index file yet, by their first number.
        var unwritten: [UInt64: [[ChangePlace]]] = [:]
        var sequence: UInt64
        /// What has been announced: the last transaction that the directory has too.
        var announced: UInt64
        /// Numbers below this have been given, by this process or by one before.
        var next: UInt64
        /// Times at which the clock was ahead, oldest first.
        var stretches: [ClosedRange<Timestamp>]
        var problem: DiskError?
        /// How often a segment has come.
        var generation = 0
        var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
        var watcherCount = 0
        /// Those who wait for a transaction, and for which.
        var waits: [Int: (sequence: UInt64, end: AsyncStream<Void>.Continuation)] = [:]
        var waitCount = 0
    }

    /// A segment as readers see it.
    package struct Segment: Sendable {
        var file: JournalFolder.Segment
        /// Bytes that may be read.
        var size: Int
        /// Tells a segment from one that it replaced under the same name.
        var generation: Int

        /// The number in its name.
        package var first: UInt64 { file.first }

        /// The hash of all transactions before it; nil where its first line does not say.
        package var base: ChainHash? {
            get throws(DiskError) {
                guard case .success(let header) = try file.header() else { return nil }
                return header.base?.hash
            }
        }
    }

    /// The journal as a start has found it.
    package convenience init(_ folder: JournalFolder, _ recovery: JournalRecovery) throws(DiskError) {
        try self.init(
            folder,
            recovery.segments,
            lastSize: recovery.lastSize,
            last: recovery.tip.sequence,
            next: recovery.next,
            stretches: recovery.stretches
        )
    }

    /// The journal as it is on disk, for reading only; a server may go on writing it.
    ///
    /// - Parameter stretches: Times at which the clock was ahead.
    package convenience init(reading folder: JournalFolder, stretches: [ClosedRange<Timestamp>]) throws {
        let files = try folder.segments()
        guard let last = files.last else {
            try self.init(endingAt: 0, in: folder)
            return
        }
        let survey = try last.survey(.init())
        try self.init(
            folder,
            files,
            lastSize: survey.goodSize,
            last: survey.last,
            next: survey.last + 1,
            stretches: stretches
        )
    }

    /// A journal of which nothing is there any more.
    ///
    /// - Parameter sequence: The last transaction that it had.
    package convenience init(endingAt sequence: UInt64, in folder: JournalFolder) throws(DiskError) {
        try self.init(folder, [], lastSize: 0, last: sequence, next: sequence + 1, stretches: [])
    }

    private init(
        _ folder: JournalFolder,
        _ files: [JournalFolder.Segment],
        lastSize: Int,
        last: UInt64,
        next: UInt64,
        stretches: [ClosedRange<Timestamp>]
    ) throws(DiskError) {
        self.folder = folder
        var segments: [Segment] = []
        for file in files {
            let size = file == files.last ? lastSize : try file.size
            segments.append(Segment(file: file, size: size, generation: 0))
        }
        state = Mutex(
            State(segments: segments, sequence: last, announced: last, next: next, stretches: stretches)
        )
    }

    // MARK: Reading

    /// The last transaction that is in the journal; the directory may be about to have it.
    package var sequence: UInt64 { state.withLock(\.sequence) }

    /// The last transaction that the directory has too, and that followers may be told of.
    package var announced: UInt64 { state.withLock(\.announced) }

    /// Numbers below this have been given; not all of their transactions need be there.
    var next: UInt64 { state.withLock { max($0.next, $0.sequence + 1) } }

    /// Why nothing can be written now.
    package var problem: DiskError? { state.withLock(\.problem) }

    /// The last stretch of times, at which the clock was ahead, that a time is in.
    func stretch(around time: Timestamp) -> ClosedRange<Timestamp>? {
        state.withLock { $0.stretches.last { $0.contains(time) && $0.upperBound != time } }
    }

    /// By how many seconds the clock is behind the time of the last transactions, because it had been ahead.
    package var clockLag: Double {
        guard let end = state.withLock({ $0.stretches.last?.upperBound }) else { return 0 }
        return max(0, Double(end.microseconds) / 1e6 - Date().timeIntervalSince1970)
    }

    /// Bytes of all segments.
    package var size: Int { state.withLock { $0.segments.reduce(0) { $0 + $1.size } } }

    /// The first number that the journal still has.
    package var oldest: UInt64 { state.withLock { $0.segments.first?.first ?? $0.sequence + 1 } }

    /// The segment that the oldest one goes on from; nil where it does not say.
    package var older: OlderSegment? {
        get throws(DiskError) {
            guard let oldest = segments.first, case .success(let header) = try oldest.file.header(),
                header.previous > 0,
                let base = header.base
            else { return nil }
            return OlderSegment(first: header.previous, end: base)
        }
    }

    /// The segments, oldest first.
    package var segments: [Segment] { state.withLock(\.segments) }

    /// Selects entries of a segment that has no index file, because it is new.
    ///
    /// - Returns: Nil for an older segment.
    func recentEntries(
        of segment: Segment,
        where condition: (ChangePlace) -> Bool
    ) -> [ChangePlace]? {
        let entries = state.withLock { state in
            state.segments.last?.first == segment.first ? state.entries : state.unwritten[segment.first]
        }
        // Outside of the lock, which writers need too.
        return entries?.flatMap { $0.filter(condition) }
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

    /// Returns when followers may be told of a transaction.
    ///
    /// - Throws: ``Refusal`` when too many wait.
    package func waitUntilAnnounced(_ sequence: UInt64) async throws(Refusal) {
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self)
        let id = try state.withLock { state throws(Refusal) -> Int? in
            guard state.announced < sequence else { return nil }
            guard state.waits.count < Self.maximumWaits else {
                throw Refusal(.unavailable, "\(Self.maximumWaits) requests wait for transactions already.")
            }
            state.waitCount += 1
            state.waits[state.waitCount] = (sequence, continuation)
            return state.waitCount
        }
        guard let id else { return }
        for await _ in signals {}
        state.withLock { _ = $0.waits.removeValue(forKey: id) }
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
    /// How many can wait at once.
    private static let maximumWaits = 16_384

    // MARK: Publishing

    /// Lets readers see what has been appended to the last segment.
    func publish(_ entries: [ChangePlace], size: Int, sequence: UInt64) {
        state.withLock { state in
            state.entries?.append(entries)
            state.segments[state.segments.count - 1].size = size
            state.sequence = sequence
        }
    }

    /// Tells followers of what has been published.
    func announce() {
        typealias Signals = [AsyncStream<Void>.Continuation]
        let (watchers, ended) = state.withLock { state -> (Signals, Signals) in
            let announced = state.sequence
            guard state.announced != announced else { return ([], []) }
            state.announced = announced
            return (Array(state.watchers.values), state.waits.values.filter { $0.sequence <= announced }.map(\.end))
        }
        for watcher in watchers { watcher.yield() }
        for end in ended { end.finish() }
    }

    /// Lets readers see a new segment, which replaces those that begin with the same number or a later one.
    ///
    /// - Parameter stretch: Times at which the clock was ahead.
    func publish(
        _ file: JournalFolder.Segment,
        size: Int,
        entries: [ChangePlace],
        stretch: ClosedRange<Timestamp>?
    ) {
        state.withLock { state in
            state.generation += 1
            if let last = state.segments.last, last.first < file.first {
                state.unwritten[last.first] = state.entries?.map { $0.filter { $0.sequence < file.first } }
            }
            state.segments.removeAll { $0.first >= file.first }
            state.segments.append(Segment(file: file, size: size, generation: state.generation))
            state.entries = [entries]
            state.problem = nil
            if let stretch { state.stretches.append(stretch) }
        }
    }

    /// Lets readers see a segment that leads up to the oldest one.
    ///
    /// - Parameter stretch: Times at which the clock was ahead.
    func publish(older file: JournalFolder.Segment, size: Int, stretch: ClosedRange<Timestamp>?) {
        state.withLock { state in
            state.generation += 1
            state.segments.insert(Segment(file: file, size: size, generation: state.generation), at: 0)
            if let stretch { state.stretches.insert(stretch, at: 0) }
        }
    }

    /// Says why nothing can be written.
    func publish(_ problem: DiskError) {
        state.withLock { $0.problem = problem }
    }

    // MARK: Upkeep

    /// Writes the indices of segments that have been closed; only one may do so at a time.
    package func writeIndices() throws(DiskError) {
        for (first, entries) in state.withLock(\.unwritten) {
            let index = folder.segment(first).indexPath
            try folder.disk.replace(index, SegmentIndex(entries.flatMap(\.self)).contents)
            let isKept = state.withLock { state in
                state.unwritten[first] = nil
                return state.segments.contains { $0.first == first }
            }
            // The segment was removed meanwhile.
            if !isKept { try folder.disk.remove(index) }
        }
    }

    /// The segments of which nothing is needed, oldest first.
    ///
    /// - Parameter oldest: The oldest moment that must be readable: transactions up to it are not needed.
    package func removable(upTo oldest: UInt64) -> [Segment] {
        let segments = segments
        let needed = segments.dropFirst().firstIndex { $0.first > oldest + 1 } ?? segments.count
        return Array(segments.prefix(max(0, needed - 1)))
    }

    /// Removes the oldest segments.
    package func remove(_ removed: [Segment]) throws(DiskError) {
        for segment in removed {
            try folder.disk.remove(segment.file.path)
            state.withLock { state in
                state.segments.removeAll { $0.first == segment.first }
                state.unwritten[segment.first] = nil
            }
            if FileManager.default.fileExists(atPath: segment.file.indexPath.path) {
                try folder.disk.remove(segment.file.indexPath)
            }
            // So that a crash never leaves an older one without a younger.
            try folder.disk.sync(folder.path)
        }
    }
}

extension JournalFolder.Segment {
    /// Bytes of the file.
    package var size: Int {
        get throws(DiskError) { try Disk.size(of: path) ?? 0 }
    }
}
