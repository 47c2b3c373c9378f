import Foundation
package import Inventory
package import Records

/// Reads single changes from the journal, by way of the indices of its segments.
package struct JournalReader {
    package let journal: PublishedJournal
    /// Indices that have been read, by the first number of their segments, as many as may be kept.
    private var indices: [UInt64: SegmentIndex] = [:]
    private var indicesSize = 0
    /// The first number of the oldest segment when the indices were looked through last.
    private var oldest: UInt64 = 0

    /// How many bytes of indices are kept.
    private static let maximumIndicesSize = 64 << 20

    /// Whether an index that had to be made is written to disk.
    private let keepsIndices: Bool

    package init(_ journal: PublishedJournal, keepsIndices: Bool) {
        self.journal = journal
        self.keepsIndices = keepsIndices
    }

    /// A version of a resource.
    package struct Version {
        /// Without the other changes of its transaction.
        package var record: JournalRecord
        package var change: JournalChange
    }

    /// A segment, and the number with which the next one begins.
    private typealias Place = (segment: PublishedJournal.Segment, successor: UInt64?)

    /// The segments that can have transactions within a range, newest first.
    ///
    /// - Throws: ``Refusal`` where the journal does not go back so far, perhaps not any more.
    private func segments(in range: ClosedRange<UInt64>) throws(Refusal) -> [Place] {
        let segments = journal.segments
        guard let oldest = segments.first?.first else { return [] }
        guard let first = segments.lastIndex(where: { $0.first <= range.lowerBound }) else {
            throw Refusal(gone: "The history before \(range.lowerBound) is not kept any more.", oldest: oldest)
        }
        let end = segments.firstIndex { $0.first > range.upperBound } ?? segments.count
        guard first < end else { return [] }
        return (first..<end).reversed().map { index in
            (segments[index], index + 1 < segments.count ? segments[index + 1].first : nil)
        }
    }

    /// The resources that changed within a range of numbers.
    package mutating func resources(changedIn range: ClosedRange<UInt64>) throws -> Set<ResourceID> {
        var resources: Set<ResourceID> = []
        for place in try segments(in: range) {
            try Task.checkCancellation()
            if let recent = journal.recentEntries(of: place.segment, where: { range.contains($0.sequence) }) {
                for entry in recent { resources.insert(entry.resource) }
            } else {
                resources.formUnion(try index(of: place).resources(changedIn: range))
            }
        }
        return resources
    }

    /// The last version of each resource within a range of numbers; resources that have none are left out.
    package mutating func versions(
        of wanted: Set<ResourceID>,
        in range: ClosedRange<UInt64>
    ) throws -> [ResourceID: Version] {
        var wanted = wanted
        var versions: [ResourceID: Version] = [:]
        for place in try segments(in: range) where !wanted.isEmpty {
            try Task.checkCancellation()
            var newest: [ResourceID: ChangePlace] = [:]
            func take(_ entry: ChangePlace) {
                guard range.contains(entry.sequence),
                    newest[entry.resource].map({ $0.sequence < entry.sequence }) ?? true
                else { return }
                newest[entry.resource] = entry
            }
            if let recent = journal.recentEntries(
                of: place.segment,
                where: { wanted.contains($0.resource) && range.contains($0.sequence) }
            ) {
                recent.forEach(take)
            } else {
                let index = try index(of: place)
                for resource in wanted { index.entries(of: resource).forEach(take) }
            }
            for version in try read(newest.values.map(\.self), of: place.segment) {
                versions[version.change.resource] = version
                wanted.remove(version.change.resource)
            }
        }
        return versions
    }

    /// All changes within a range of numbers, in their order.
    package mutating func changes(in range: ClosedRange<UInt64>) throws -> [Version] {
        var changes: [Version] = []
        for place in try segments(in: range).reversed() {
            let condition = { (entry: ChangePlace) in range.contains(entry.sequence) }
            let entries =
                try journal.recentEntries(of: place.segment, where: condition)
                ?? index(of: place).entries(in: range)
            changes += try read(entries.sorted { ($0.line, $0.position) < ($1.line, $1.position) }, of: place.segment)
        }
        return changes
    }

    /// What a transaction says beside its changes; nil where there is none of that number.
    package mutating func record(_ sequence: UInt64) throws -> JournalRecord? {
        for place in try segments(in: sequence...sequence) {
            let entries =
                try journal.recentEntries(of: place.segment, where: { $0.sequence == sequence })
                ?? index(of: place).entries(in: sequence...sequence)
            // The first of its lines says it.
            guard let first = entries.min(by: { $0.line < $1.line }) else { continue }
            return try read([first], of: place.segment).first?.record
        }
        return nil
    }

    /// The versions of a resource within a range of numbers, newest first.
    package mutating func versions(
        of resource: ResourceID,
        in range: ClosedRange<UInt64>,
        limit: Int
    ) throws -> [Version] {
        var versions: [Version] = []
        for place in try segments(in: range) where versions.count < limit {
            try Task.checkCancellation()
            let condition = { (entry: ChangePlace) in
                entry.resource == resource && range.contains(entry.sequence)
            }
            let entries =
                try journal.recentEntries(of: place.segment, where: condition)
                ?? index(of: place).entries(of: resource).filter(condition)
            let newest = entries.sorted { $0.sequence > $1.sequence }.prefix(limit - versions.count)
            versions += try read(Array(newest), of: place.segment).sorted { $0.record.sequence > $1.record.sequence }
        }
        return versions
    }

    /// The last transaction that was not accepted later than a time; nil when all there are were.
    ///
    /// - Throws: ``Refusal`` for a time at which the clock was ahead, so that nobody can say what was before and what after.
    package func sequence(at time: Timestamp) throws -> UInt64? {
        if let stretch = journal.stretch(around: time) {
            throw Refusal(
                .conflict,
                "Between \(stretch.lowerBound) and \(stretch.upperBound) the clock was set back, and transactions have the "
                    + "later time: name the number of one instead, as the history and the events have it."
            )
        }
        let segments = journal.segments
        // The first segment that was begun later.
        var (low, high) = (0, segments.count)
        while low < high {
            let middle = (low + high) / 2
            if try beginning(of: segments[middle]) > time { high = middle } else { low = middle + 1 }
        }
        guard low > 0 else { return nil }
        let successor = low < segments.count ? segments[low].first : nil
        return try last(at: time, in: segments[low - 1], successor: successor)
    }

    /// When a segment was begun.
    private func beginning(of segment: PublishedJournal.Segment) throws -> Timestamp {
        switch try segment.file.header() {
        case .success(let header): return header.time
        case .failure(let damage): throw damaged(segment, "line 1: \(damage)")
        }
    }

    /// The last transaction of a segment, or before it, that was not accepted later than a time.
    private func last(at time: Timestamp, in segment: PublishedJournal.Segment, successor: UInt64?) throws -> UInt64 {
        let bytes = try Disk.read(segment.file.path, count: segment.size)
        return try bytes.withUnsafeBytes { bytes in
            var lines = LineIterator(bytes)
            var last = segment.first - 1
            // What is behind the last number that counts is void.
            while last + 1 != successor, let line = lines.next(), line.isComplete {
                try Task.checkCancellation()
                do {
                    guard case .record(let head) = try JournalLine(line.bytes(in: bytes)) else { continue }
                    if head.time > time { return last }
                    last = head.sequence
                } catch {
                    throw damaged(segment, "line \(line.number): \(error)")
                }
            }
            return last
        }
    }

    // MARK: Reading a segment

    /// The index of a segment, made anew where its file is missing or damaged.
    private mutating func index(of place: Place) throws -> SegmentIndex {
        let segment = place.segment
        forgetRemoved()
        if let known = indices[segment.first] { return known }
        let index: SegmentIndex
        if let found = SegmentIndex(file: segment.file.indexPath) {
            index = found
        } else {
            index = SegmentIndex(try entries(of: place))
            if keepsIndices { keep(index, segment) }
        }
        if indicesSize + index.size <= Self.maximumIndicesSize {
            indices[segment.first] = index
            indicesSize += index.size
        }
        return index
    }

    /// Lets go of the indices of segments that have been removed since.
    private mutating func forgetRemoved() {
        let first = journal.oldest
        guard first != oldest else { return }
        oldest = first
        indices = indices.filter { $0.key >= first }
        indicesSize = indices.values.reduce(0) { $0 + $1.size }
    }

    private func keep(_ index: SegmentIndex, _ segment: PublishedJournal.Segment) {
        do throws(DiskError) {
            try journal.folder.disk.replace(segment.file.indexPath, index.contents)
        } catch {
            // Reading goes on without; the index is made anew when it is needed again.
        }
    }

    /// Finds all changes in a segment by reading it.
    private func entries(of place: Place) throws -> [ChangePlace] {
        var entries: [ChangePlace] = []
        let survey = try place.segment.file.survey(.init(successor: place.successor)) {
            line,
            bytes throws(JournalDamage) in
            for (resource, position) in try JournalLine.places(in: bytes) {
                entries.append(
                    ChangePlace(
                        resource: resource,
                        sequence: line.head.sequence,
                        line: line.range.lowerBound,
                        lineLength: line.range.count,
                        position: position
                    )
                )
            }
        }
        if let error = place.segment.file.error(survey) { throw error }
        return entries
    }

    /// Reads changes, each line that has any of them once.
    private func read(_ entries: [ChangePlace], of segment: PublishedJournal.Segment) throws -> [Version] {
        try Dictionary(grouping: entries, by: \.line).sorted { $0.key < $1.key }.flatMap { line, entries in
            try Task.checkCancellation()
            let length = entries[0].lineLength
            let bytes = try Disk.read(segment.file.path, from: line, count: length)
            guard bytes.count == length else { throw damaged(segment, "it ends before byte \(line + length)") }
            do {
                let changes = try bytes.withUnsafeBytes { try JournalLine.changes($0, at: entries.map(\.position)) }
                return try changes.changes.map { change in
                    Version(record: changes.record, change: try Self.readable(change))
                }
            } catch {
                throw damaged(segment, "the line at byte \(line): \(error)")
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

    private func damaged(_ segment: PublishedJournal.Segment, _ reason: String) -> JournalError {
        .damaged(file: segment.file.path.path, line: nil, reason: reason)
    }
}
