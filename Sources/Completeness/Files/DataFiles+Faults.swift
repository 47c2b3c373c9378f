import Foundation
import Journal
import Records
import Tables

extension DataFiles {
    /// What is missing or foreign, as far as names, first lines and manifests tell. There is none in what is to be
    /// adopted, and in an empty folder.
    var faults: [DataFault] {
        guard !isEmpty, !isOfFirstFormat, let inventory else { return [] }
        var faults: [DataFault] = []
        switch head {
        case .head(let head): faults += journalFaults(head)
        case .absent: faults.append(.noHead(directory.head, reason: nil))
        case .damaged(let reason): faults.append(.noHead(directory.head, reason: reason))
        }
        switch adoption {
        case .adoption(let adoption):
            if adoption.inventory != inventory {
                faults.append(.foreign(directory.adoption, inventory: adoption.inventory, own: inventory))
            }
        case .absent:
            if segments.contains(where: \.isOfFirstFormat)
                || snapshots.contains(where: { $0.readManifest?.format == DiskFormat.first })
            {
                faults.append(.noAdoption(directory.adoption, reason: nil))
            }
        case .damaged(let reason): faults.append(.noAdoption(directory.adoption, reason: reason))
        }
        let unreadable = segments.compactMap { segment -> DataFault? in
            guard case .failure(let damage) = segment.header else { return nil }
            return .noHeader(segment.file.path, reason: damage.description)
        }
        return faults + unreadable + linkFaults + foreignFaults(inventory)
    }

    /// What the head knows to be missing.
    private func journalFaults(_ head: JournalHead) -> [DataFault] {
        let folder = JournalFolder(directory.journal)
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
        let folder = JournalFolder(directory.journal)
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
                let folder = SnapshotFolder(directory.snapshots).folder(snapshot.id)
                let isOwn = manifest.inventory.map { $0 == own } ?? adoption?.snapshots.contains(snapshot.id) ?? true
                guard isOwn else { return .foreign(folder, inventory: manifest.inventory, own: own) }
                guard let chain = manifest.chain, let known = points[manifest.sequence], known != chain else {
                    return nil
                }
                return .otherPast(folder, sequence: manifest.sequence)
            }
    }
}
