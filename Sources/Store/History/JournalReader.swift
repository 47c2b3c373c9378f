import Foundation
import Inventory

/// Reads single changes from the journal, by way of the indices of its segments.
struct JournalReader {
    let journal: Journal
    /// The indices that have been read, by the first number of their segments.
    private var indices: [UInt64: SegmentIndex] = [:]

    /// Whether an index that had to be made is written to disk.
    private let keepsIndices: Bool

    init(_ journal: Journal, keepsIndices: Bool) {
        self.journal = journal
        self.keepsIndices = keepsIndices
    }

    /// A version of a resource.
    struct Version {
        /// Without the other changes of its transaction.
        var record: JournalRecord
        var change: JournalChange
    }

    /// The segments that can have transactions within a range, newest first.
    private func segments(in range: ClosedRange<UInt64>) -> [Journal.Segment] {
        let segments = journal.segments
        let first = segments.lastIndex { $0.first <= range.lowerBound } ?? 0
        return segments[first...].filter { $0.first <= range.upperBound }.reversed()
    }

    /// The resources that changed within a range of numbers.
    mutating func resources(changedIn range: ClosedRange<UInt64>) throws -> Set<ResourceID> {
        var resources: Set<ResourceID> = []
        for segment in segments(in: range) {
            if let recent = journal.recentEntries(of: segment, where: { range.contains($0.sequence) }) {
                for entry in recent { resources.insert(entry.resource) }
            } else {
                resources.formUnion(try index(of: segment).resources(changedIn: range))
            }
        }
        return resources
    }

    /// The last version of each resource within a range of numbers; resources that have none are left out.
    mutating func versions(
        of wanted: Set<ResourceID>,
        in range: ClosedRange<UInt64>
    ) throws -> [ResourceID: Version] {
        var wanted = wanted
        var versions: [ResourceID: Version] = [:]
        for segment in segments(in: range) where !wanted.isEmpty {
            var newest: [ResourceID: SegmentIndex.Entry] = [:]
            func take(_ entry: SegmentIndex.Entry) {
                guard range.contains(entry.sequence),
                    newest[entry.resource].map({ $0.sequence < entry.sequence }) ?? true
                else { return }
                newest[entry.resource] = entry
            }
            if let recent = journal.recentEntries(
                of: segment,
                where: { wanted.contains($0.resource) && range.contains($0.sequence) }
            ) {
                recent.forEach(take)
            } else {
                let index = try index(of: segment)
                for resource in wanted { index.entries(of: resource).forEach(take) }
            }
            for version in try read(newest.values.map(\.self), of: segment) {
                versions[version.change.resource] = version
                wanted.remove(version.change.resource)
            }
        }
        return versions
    }

    /// The versions of a resource within a range of numbers, newest first.
    mutating func versions(
        of resource: ResourceID,
        in range: ClosedRange<UInt64>,
        limit: Int
    ) throws -> [Version] {
        var versions: [Version] = []
        for segment in segments(in: range) where versions.count < limit {
            let condition = { (entry: SegmentIndex.Entry) in
                entry.resource == resource && range.contains(entry.sequence)
            }
            let entries =
                try journal.recentEntries(of: segment, where: condition)
                ?? index(of: segment).entries(of: resource).filter(condition)
            let newest = entries.sorted { $0.sequence > $1.sequence }.prefix(limit - versions.count)
            versions += try read(Array(newest), of: segment).sorted { $0.record.sequence > $1.record.sequence }
        }
        return versions
    }

    /// The last transaction that was not accepted later than a time; nil when all there are were.
    func sequence(at time: Timestamp) throws -> UInt64? {
        var successor: UInt64?
        for segment in journal.segments.reversed() {
            if let last = try sequence(at: time, in: segment, successor: successor) { return last }
            successor = segment.first
        }
        return nil
    }

    private func sequence(at time: Timestamp, in segment: Journal.Segment, successor: UInt64?) throws -> UInt64? {
        let data = try segment.file.contents()
        return try data.prefix(segment.size).withUnsafeBytes { bytes in
            var lines = LineIterator(bytes)
            var last: UInt64?
            // What is behind the last number that counts is void.
            while last.map({ $0 + 1 != successor }) ?? true, let line = lines.next(), line.isComplete {
                do {
                    switch try JournalLine(line.bytes(in: bytes)) {
                    case .header(let header):
                        if header.time > time { return nil }
                        last = segment.first - 1
                    case .record(let head):
                        if head.time > time { return last }
                        last = head.sequence
                    case .end: break
                    }
                } catch {
                    throw damaged(segment, "line \(line.number): \(error)")
                }
            }
            return last
        }
    }

    // MARK: Reading a segment

    /// The index of a segment, made anew where its file is missing or damaged.
    private mutating func index(of segment: Journal.Segment) throws -> SegmentIndex {
        if let known = indices[segment.first] { return known }
        var index = SegmentIndex(file: segment.file.indexPath)
        if index == nil {
            let made = SegmentIndex(try entries(of: segment))
            if keepsIndices { keep(made, segment) }
            index = made
        }
        guard let index else { preconditionFailure("an index that is missing is made") }
        indices = indices.filter { known in journal.segments.contains { $0.first == known.key } }
        indices[segment.first] = index
        return index
    }

    private func keep(_ index: SegmentIndex, _ segment: Journal.Segment) {
        do throws(DiskError) {
            try journal.folder.disk.replace(segment.file.indexPath, index.contents)
        } catch {
            // Reading goes on without; the index is made anew when it is needed again.
        }
    }

    /// Finds all changes in a segment by reading it.
    private func entries(of segment: Journal.Segment) throws -> [SegmentIndex.Entry] {
        let successor = journal.segments.first { $0.first > segment.first }?.first
        var entries: [SegmentIndex.Entry] = []
        let survey = try segment.file.survey(.init(successor: successor)) { line, bytes throws(JournalDamage) in
            for (resource, position) in try JournalLine.places(in: bytes) {
                entries.append(
                    SegmentIndex.Entry(
                        resource: resource,
                        sequence: line.head.sequence,
                        line: line.range.lowerBound,
                        lineLength: line.range.count,
                        position: position
                    )
                )
            }
        }
        if let error = segment.file.error(survey) { throw error }
        return entries
    }

    /// Reads changes, each line that has any of them once.
    private func read(_ entries: [SegmentIndex.Entry], of segment: Journal.Segment) throws -> [Version] {
        guard !entries.isEmpty else { return [] }
        let data = try segment.file.contents()
        return try data.withUnsafeBytes { bytes in
            try Dictionary(grouping: entries, by: \.line).sorted { $0.key < $1.key }.flatMap { line, entries in
                let range = line..<line + entries[0].lineLength
                guard range.upperBound <= bytes.count else {
                    throw damaged(segment, "it ends before byte \(range.upperBound)")
                }
                do {
                    let changes = try JournalLine.changes(
                        UnsafeRawBufferPointer(rebasing: bytes[range]),
                        at: entries.map(\.position)
                    )
                    return try changes.changes.map { change in
                        Version(record: changes.record, change: try Self.readable(change))
                    }
                } catch {
                    throw damaged(segment, "the line at byte \(line): \(error)")
                }
            }
        }
    }

    /// A change with its document in the normal form that it has in this version of the program.
    private static func readable(_ change: JournalChange) throws -> JournalChange {
        guard let stored = change.stored else { return change }
        var unknown: Set<String> = []
        let document = try change.resource.kind.readable(stored.document, unknown: &unknown)
        var readable = change
        if document.bytes != stored.document { readable.stored?.document = document.bytes }
        return readable
    }

    private func damaged(_ segment: Journal.Segment, _ reason: String) -> JournalError {
        .damaged(file: segment.file.path.path, line: nil, reason: reason)
    }
}
