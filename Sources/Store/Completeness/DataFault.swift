package import Foundation
import Inventory

/// A file of a data directory that is missing, or that belongs to another inventory.
package enum DataFault: Equatable, Sendable, CustomStringConvertible {
    /// The head is not there, or cannot be read.
    case noHead(URL, reason: String?)
    /// The record of what was adopted from format 1 is not there, or cannot be read.
    case noAdoption(URL, reason: String?)
    /// The first line of a segment cannot be read.
    case noHeader(URL, reason: String)
    /// A segment is missing before another one that goes on from it.
    case noSegment(URL, before: UInt64)
    /// A segment stands where none should be.
    case stray(URL, next: URL)
    /// The oldest segment is missing.
    case noOldestSegment(URL, nextFirst: UInt64)
    /// The newest segment is missing.
    case noNewestSegment(URL, sequence: UInt64)
    /// The journal ends before the last transaction that was acknowledged.
    case noEnd(URL, last: UInt64, sequence: UInt64)
    /// A snapshot is ahead of the journal.
    case aheadOfJournal(URL, sequence: UInt64, last: UInt64)
    /// A snapshot is of another past than the journal.
    case otherPast(URL, sequence: UInt64)
    /// None of the snapshots can be used, and there is no journal.
    case noGoodSnapshot(URL, count: Int)
    /// Something belongs to another inventory.
    case foreign(URL, inventory: UUID?, own: UUID)
    /// The snapshots that can be used end before the journal begins.
    case gap(snapshots: URL, saved: UInt64, journal: URL, first: UInt64)

    package var description: String {
        switch self {
        case .noHead(let file, let reason):
            "\(file.path) \(Self.missing(reason)): it says how far the journal had come, and without it nobody can say "
                + "whether acknowledged transactions are missing"
        case .noAdoption(let file, let reason):
            "\(file.path) \(Self.missing(reason)): it says which segments and snapshots of format 1 belong here"
        case .noHeader(let file, let reason):
            "\(file.path) is damaged in its first line (\(reason)), and what is in it cannot be relied on"
        case .noSegment(let file, let next):
            "\(file.path) is missing, and with it transactions before \(next)"
        case .stray(let file, let next):
            "\(file.path) does not belong to this journal: \(next.lastPathComponent) goes on from an older segment"
        case .noOldestSegment(let file, let next):
            "\(file.path) is missing, the oldest segment of the journal, and with it the history before \(next)"
        case .noNewestSegment(let file, let sequence):
            "\(file.path) is missing, the newest segment of the journal, whose last transaction was \(sequence) or a "
                + "later one"
        case .noEnd(let file, let last, let sequence):
            "\(file.path) ends with the transaction \(last), but \(sequence) was acknowledged: "
                + "\(Self.transactions(last + 1, sequence)) missing"
        case .aheadOfJournal(let folder, let sequence, let last):
            "\(folder.path) was taken at the transaction \(sequence), but the journal ends with \(last): either "
                + "\(Self.transactions(last + 1, sequence)) missing, or the snapshot comes from elsewhere"
        case .otherPast(let folder, let sequence):
            "\(folder.path) was taken after another transaction \(sequence) than this inventory had: it comes from a "
                + "copy that went another way"
        case .noGoodSnapshot(let folder, let count):
            "none of the \(count) snapshots in \(folder.path) can be used, and there is no journal"
        case .foreign(let path, let inventory, let own):
            "\(path.path) belongs to \(inventory.map { "the inventory \($0.lowercased)" } ?? "another inventory"), "
                + "not to this one, \(own.lowercased)"
        case .gap(let snapshots, let saved, let journal, let first):
            "\(saved == 0 ? "no snapshot in \(snapshots.path) can be used" : "the newest snapshot in \(snapshots.path) that can be used ends with the transaction \(saved)"), "
                + "and the journal in \(journal.path) begins with \(first): what was between is missing"
        }
    }

    private static func missing(_ reason: String?) -> String {
        reason.map { "cannot be read (\($0))" } ?? "is missing"
    }

    private static func transactions(_ first: UInt64, _ last: UInt64) -> String {
        first == last ? "the transaction \(first) is" : "the transactions \(first) to \(last) are"
    }
}

extension DataFiles {
    /// What is missing or foreign, as far as names, first lines and manifests tell. There is none in what is to be
    /// adopted, and in an empty folder.
    var faults: [DataFault] {
        guard !isEmpty, !isOfFirstFormat, let inventory else { return [] }
        var faults: [DataFault] = []
        switch head {
        case .head(let head): faults += journalFaults(head)
        case .absent: faults.append(.noHead(paths.head, reason: nil))
        case .damaged(let reason): faults.append(.noHead(paths.head, reason: reason))
        }
        switch adoption {
        case .adoption(let adoption):
            if adoption.inventory != inventory {
                faults.append(.foreign(paths.adoption, inventory: adoption.inventory, own: inventory))
            }
        case .absent:
            if segments.contains(where: \.isOfFirstFormat)
                || snapshots.contains(where: { $0.readManifest?.format == DiskFormat.first })
            {
                faults.append(.noAdoption(paths.adoption, reason: nil))
            }
        case .damaged(let reason): faults.append(.noAdoption(paths.adoption, reason: reason))
        }
        let unreadable = segments.compactMap { segment -> DataFault? in
            guard case .failure(let damage) = segment.header else { return nil }
            return .noHeader(segment.file.path, reason: damage.description)
        }
        return faults + unreadable + linkFaults + foreignFaults(inventory)
    }

    /// What the head knows to be missing.
    private func journalFaults(_ head: JournalHead) -> [DataFault] {
        let folder = JournalFolder(paths.journal)
        // In a copy of a running server's folder the head is older than the rest: what was removed since is not needed, and
        // the newest segment is never removed.
        let isOlder = newestSnapshotSequence > head.tip.sequence
        guard !isOlder || (segments.isEmpty && head.segment > 0) else { return [] }
        var faults: [DataFault] = []
        if head.oldest > 0, head.oldest < head.segment, segments.first.map({ $0.file.first > head.oldest }) ?? true {
            faults.append(
                .noOldestSegment(
                    folder.segment(head.oldest).path,
                    nextFirst: segments.first?.file.first ?? head.tip.sequence + 1
                )
            )
        }
        if head.segment > 0, !segments.contains(where: { $0.file.first == head.segment }) {
            faults.append(.noNewestSegment(folder.segment(head.segment).path, sequence: head.tip.sequence))
        }
        return faults
    }

    private var newestSnapshotSequence: UInt64 {
        snapshots.compactMap { $0.readManifest?.sequence }.max() ?? 0
    }

    /// Segments that others go on from.
    private var linkFaults: [DataFault] {
        let folder = JournalFolder(paths.journal)
        var faults: [DataFault] = []
        for (before, segment) in zip(segments, segments.dropFirst()) {
            guard let previous = previous(of: segment), previous != before.file.first else { continue }
            let isThere = segments.contains { $0.file.first == previous }
            faults.append(
                isThere
                    ? .stray(before.file.path, next: segment.file.path)
                    : .noSegment(folder.segment(previous).path, before: segment.file.first)
            )
        }
        return faults
    }

    /// The first number of the segment that one goes on from; nil where nothing says so.
    func previous(of segment: SegmentFile) -> UInt64? {
        guard let header = segment.readHeader else { return nil }
        let previous = header.format > DiskFormat.first ? header.previous : adopted[header.first]?.previous ?? 0
        return previous > 0 ? previous : nil
    }

    private func foreignFaults(_ own: UUID) -> [DataFault] {
        let adoption = readAdoption
        let foreign = segments.compactMap { segment -> DataFault? in
            guard let header = segment.readHeader else { return nil }
            let isOwn = header.inventory.map { $0 == own } ?? (adoption == nil || adopted[header.first] != nil)
            return isOwn ? nil : .foreign(segment.file.path, inventory: header.inventory, own: own)
        }
        return foreign
            + snapshots.compactMap { snapshot in
                guard let manifest = snapshot.readManifest else { return nil }
                let folder = SnapshotFolder(paths.snapshots).folder(snapshot.id)
                let isOwn = manifest.inventory.map { $0 == own } ?? adoption?.snapshots.contains(snapshot.id) ?? true
                guard isOwn else { return .foreign(folder, inventory: manifest.inventory, own: own) }
                guard let chain = manifest.chain, let known = points[manifest.sequence], known != chain else {
                    return nil
                }
                return .otherPast(folder, sequence: manifest.sequence)
            }
    }
}
