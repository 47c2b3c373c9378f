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
            try SegmentSurvey(segment, successor: segments.dropFirst(index + 1).first?.first, checksChanges: true)
        }
        guard let first = surveys.firstIndex(where: \.isDamaged),
            let last = surveys.lastIndex(where: \.isDamaged)
        else { return }
        isNeeded = true
        let snapshots = try SnapshotFolder(configuration.snapshotDirectory, disk: configuration.disk).readable()
        let saved = snapshots.first(where: \.isVerified)?.manifest.sequence ?? 0
        if let next = segments.dropFirst(last + 1).first, next.first <= saved + 1 {
            try setAside(segments[...last])
            actions.append("The journal now begins with the transaction \(next.first).")
            lost =
                "No state is lost, as a snapshot has all up to \(saved); "
                + "the history of the transactions before \(next.first) can no longer be read."
        } else {
            try cut(segments, surveys, at: first)
        }
    }

    /// Keeps segments as copies outside of the journal.
    private mutating func setAside(_ segments: ArraySlice<JournalFolder.Segment>) throws(DiskError) {
        if carriesOut { try folder.disk.createFolder(aside) }
        for segment in segments {
            actions.append("\(segment.name) goes to \(aside.path).")
            guard carriesOut else { continue }
            try folder.disk.move(segment.path, to: aside.appending(path: segment.name))
            try removeIndex(of: segment)
        }
        if carriesOut { try folder.disk.sync(folder.path) }
    }

    private func removeIndex(of segment: JournalFolder.Segment) throws(DiskError) {
        if FileManager.default.fileExists(atPath: segment.indexPath.path) {
            try folder.disk.remove(segment.indexPath)
        }
    }

    /// Ends the journal before the damage.
    private mutating func cut(
        _ segments: [JournalFolder.Segment],
        _ surveys: [SegmentSurvey],
        at index: Int
    ) throws {
        let survey = surveys[index]
        let segment = segments[index]
        let good = try segment.contents().prefix(survey.goodSize)
        let behind = (survey.fault?.behind ?? 0) + surveys[(index + 1)...].reduce(0) { $0 + $1.count }
        let next = max(surveys.compactMap(\.header?.next).max() ?? 1, (surveys.map(\.highest).max() ?? 0) + 1)
        try setAside(segments[index...])
        if survey.count > 0 {
            actions.append("\(segment.name) is written anew up to the damage in line \(survey.fault?.line ?? 0).")
            if carriesOut { try folder.disk.create(segment.path, Array(good)) }
        }
        let fresh = folder.segment(survey.last + 1)
        actions.append("\(fresh.name) is begun; its first number will be \(next).")
        if carriesOut {
            let header = JournalHeader(first: fresh.first, next: next, time: survey.time ?? Timestamp(microseconds: 0))
            try folder.disk.create(fresh.path, header.line)
            try folder.disk.sync(folder.path)
        }
        lost =
            "The inventory goes back to the transaction \(survey.last): those from \(survey.last + 1) on are lost, "
            + "of which \(behind) behind the damage could be read. They are kept in \(aside.path)."
    }
}
