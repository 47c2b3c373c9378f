package import Foundation
import Inventory
import Logging

/// Makes a damaged journal one that a start accepts, and says what that costs.
///
/// Whatever is taken out of the journal is kept beside it. Where a snapshot has all that the damaged part had, only
/// history is lost; else the journal is cut at the damage.
package struct JournalRepair {
    /// Whether anything was damaged.
    package private(set) var isNeeded = false
    /// What was done, or would be, in sentences.
    package private(set) var actions: [String] = []
    /// What it costs, in a sentence.
    package private(set) var lost = "Nothing is lost."

    private let folder: JournalFolder
    private let aside: URL
    private let carriesOut: Bool

    /// Repairs the journal of a data directory, which no server may be using.
    package init(_ configuration: InventoryStore.Configuration, at date: Date) throws {
        let lock = try FolderLock(configuration.dataDirectory)
        try self.init(configuration, at: date, carriesOut: true)
        withExtendedLifetime(lock) {}
    }

    /// Says what a repair would do.
    package static func plan(_ configuration: InventoryStore.Configuration, at date: Date) throws -> JournalRepair {
        try JournalRepair(configuration, at: date, carriesOut: false)
    }

    private init(_ configuration: InventoryStore.Configuration, at date: Date, carriesOut: Bool) throws {
        folder = JournalFolder(configuration.journalDirectory, disk: configuration.disk)
        aside = folder.path.appending(path: "damaged-\(SnapshotFolder.id(at: date))")
        self.carriesOut = carriesOut
        let segments = try folder.segments()
        let surveys = try segments.enumerated().map { index, segment in
            let successor = segments.dropFirst(index + 1).first?.first
            let survey = try SegmentSurvey(segment, successor: successor, checksChanges: true)
            try survey.checkFormat(of: segment)
            return survey
        }
        guard let first = surveys.firstIndex(where: \.isDamaged),
            let last = surveys.lastIndex(where: \.isDamaged)
        else { return }
        isNeeded = true
        let highest = surveys.map(\.highest).max() ?? 0
        let next = max(surveys.compactMap(\.header?.next).max() ?? 1, highest + 1)
        let snapshots = try SnapshotFolder(configuration.snapshotDirectory, disk: configuration.disk).readable()
        let saved = snapshots.first(where: \.isVerified)?.manifest.sequence ?? 0
        if let begin = segments.dropFirst(last + 1).first?.first, begin <= saved + 1 {
            try setAside(Array(segments[...last]))
            sayHistoryIsLost(before: begin, saved)
        } else if saved >= highest, surveys.last?.endsWell ?? false {
            if let replaced = segments.first(where: { $0.first == saved + 1 }) { try copyAside(replaced) }
            try begin(saved + 1, next: next, time: surveys.last?.time)
            try setAside(segments.filter { $0.first != saved + 1 })
            sayHistoryIsLost(before: saved + 1, saved)
        } else {
            try cut(segments, surveys, at: first, next: next)
        }
    }

    private mutating func sayHistoryIsLost(before begin: UInt64, _ saved: UInt64) {
        lost =
            "No state is lost, as a snapshot has all up to \(saved); "
            + "the history of the transactions before \(begin) can no longer be read."
    }

    /// Keeps segments outside of the journal.
    private mutating func setAside(_ segments: [JournalFolder.Segment]) throws(DiskError) {
        guard !segments.isEmpty else { return }
        if carriesOut { try folder.disk.createFolder(aside) }
        for segment in segments {
            actions.append("\(segment.name) goes to \(aside.path).")
            guard carriesOut else { continue }
            try removeIndex(of: segment)
            try folder.disk.move(segment.path, to: aside.appending(path: segment.name))
            try folder.disk.sync(folder.path)
        }
    }

    private mutating func copyAside(_ segment: JournalFolder.Segment) throws(DiskError) {
        actions.append("\(segment.name) is copied to \(aside.path).")
        guard carriesOut else { return }
        try removeIndex(of: segment)
        try folder.disk.createFolder(aside)
        try folder.disk.create(aside.appending(path: segment.name), Array(segment.contents()))
        try folder.disk.sync(aside)
    }

    private func removeIndex(of segment: JournalFolder.Segment) throws(DiskError) {
        if FileManager.default.fileExists(atPath: segment.indexPath.path) {
            try folder.disk.remove(segment.indexPath)
        }
    }

    /// Begins a segment, which voids what older ones have from there on.
    private mutating func begin(_ first: UInt64, next: UInt64, time: Timestamp?) throws(DiskError) {
        let fresh = folder.segment(first)
        actions.append("\(fresh.name) is begun; the next transaction will be \(next).")
        guard carriesOut else { return }
        let partial = folder.partial(fresh)
        if FileManager.default.fileExists(atPath: partial.path) { try folder.disk.remove(partial) }
        let header = JournalHeader(first: first, next: next, time: time ?? Timestamp(microseconds: 0))
        try folder.disk.create(partial, header.line)
        try folder.disk.move(partial, to: fresh.path)
    }

    /// Ends the journal before the damage.
    ///
    /// First the damaged segment is copied and the new one begun, which voids what is behind the damage. Until the later
    /// segments are out of the way a start is refused as before, and a repair that was interrupted goes on where it was.
    private mutating func cut(
        _ segments: [JournalFolder.Segment],
        _ surveys: [SegmentSurvey],
        at index: Int,
        next: UInt64
    ) throws {
        let survey = surveys[index]
        let segment = segments[index]
        let behind = (survey.fault?.behind ?? 0) + surveys[(index + 1)...].reduce(0) { $0 + $1.count }
        try copyAside(segment)
        actions.append("\(segment.name) is cut at line \(survey.fault?.line ?? 0).")
        try begin(survey.last + 1, next: next, time: survey.time)
        try setAside(segments[(index + 1)...].reversed())
        // Where nothing of it is good, the new segment has taken its place.
        if carriesOut, survey.last + 1 != segment.first {
            try folder.disk.truncate(segment.path, to: survey.goodSize)
        }
        lost =
            "The inventory goes back to the transaction \(survey.last): those from \(survey.last + 1) on are lost, "
            + "of which \(behind) behind the damage could be read. They are kept in \(aside.path)."
    }
}
