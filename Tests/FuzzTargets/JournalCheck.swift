import Foundation
import Inventory
import Journal
import Records
import TestSupport

/// A segment gives its transactions or a fault of its own. What counts is what the good part alone has, and its end can be torn
/// off anywhere; single changes that are read by their places are those that a start reads.
final class JournalCheck: Sendable {
    private let home = TestFolder()
    private let folder: JournalFolder

    init() throws {
        folder = JournalFolder(home.folder)
        try FileManager.default.createDirectory(at: home.folder, withIntermediateDirectories: true)
    }

    @Sendable func check(_ bytes: [UInt8]) throws {
        try checkSegment(bytes)
        // What the checksums and the chain would stop is looked at too.
        let sealed = SegmentSeals.renewed(in: bytes)
        if sealed != bytes { try checkSegment(sealed) }
    }

    private func checkSegment(_ bytes: [UInt8]) throws {
        let segment = folder.segment(Self.firstNumber(in: bytes))
        // One that was never written cannot be removed, and one that stays would be found by the next check.
        defer { try? FileManager.default.removeItem(at: segment.path) }
        let (survey, changes) = try read(bytes[...], as: segment)
        try Finding.unless((0...bytes.count).contains(survey.goodSize), "\(survey.goodSize) good bytes")
        guard segment.error(survey) == nil, let header = survey.header else { return }

        let (torn, before) = try read(bytes.prefix(survey.goodSize / 2), as: segment)
        try Finding.unless(
            torn.header == nil
                || torn.header == header && segment.error(torn) == nil
                    && isSame(before, Array(changes.prefix(before.count))),
            "\(survey.goodSize / 2) bytes of it: \(segment.error(torn)?.description ?? "other changes")"
        )
        let (good, same) = try read(bytes.prefix(survey.goodSize), as: segment)
        try Finding.unless(
            good.fault == nil && good.last == survey.last && good.count == survey.count
                && good.chain == survey.chain && good.end == survey.end && good.goodSize == survey.goodSize
                && isSame(same, changes),
            "\(survey.goodSize) bytes are good, but not by themselves: \(good.fault?.damage.description ?? "otherwise")"
        )
        guard survey.count > 0 else { return }
        try checkSingleChanges(changes, upTo: survey.last, in: segment)
    }

    /// Reads a segment as a start does.
    private func read(
        _ bytes: ArraySlice<UInt8>,
        as segment: JournalFolder.Segment
    ) throws -> (survey: SegmentSurvey, changes: [JournalChange]) {
        try Data(bytes).write(to: segment.path)
        let (survey, found) = try SegmentChanges.read(segment, .init(), after: 0)
        return (survey, found.changes)
    }

    /// Changes read by their places are those that a start reads.
    private func checkSingleChanges(
        _ changes: [JournalChange],
        upTo last: UInt64,
        in segment: JournalFolder.Segment
    ) throws {
        let journal = try PublishedJournal(reading: folder, stretches: [])
        var reader = JournalReader(journal, keepsIndices: false)
        let versions: [JournalReader.Version]
        do {
            versions = try reader.changes(in: segment.first...last)
        } catch is JournalError {
            // A document is none of its kind.
            return
        }
        try Finding.unless(
            versions.map(\.change.resource) == changes.map(\.resource)
                && versions.map { $0.change.stored?.secrets } == changes.map { $0.stored?.secrets },
            "single changes are others than those of a start"
        )
    }

    private func isSame(_ left: [JournalChange], _ right: [JournalChange]) -> Bool {
        left.elementsEqual(right) { left, right in
            left.resource == right.resource && left.stored?.document == right.stored?.document
                && left.stored?.version == right.stored?.version && left.stored?.secrets == right.stored?.secrets
        }
    }

    /// The number that the first line says the segment begins with, which its name has; 1 where it says none.
    private static func firstNumber(in bytes: [UInt8]) -> UInt64 {
        guard let place = bytes.prefix(1024).firstRange(of: Array(#""first":"#.utf8)) else { return 1 }
        let digits = bytes[place.upperBound...].prefix { $0.isDigit }
        return UInt64(String(decoding: digits, as: UTF8.self)).flatMap { $0 > 0 ? $0 : nil } ?? 1
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self &- 0x30 < 10 }
}
