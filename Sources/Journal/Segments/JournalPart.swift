package import Foundation
import Inventory
package import Records

/// The lines of a journal from one transaction through another, as a segment of their own for somebody else.
package struct JournalPart: Sendable {
    /// The first line.
    package let header: [UInt8]
    /// Where the other lines are, in order, in pieces that can be kept in memory.
    package let pieces: [Piece]

    /// A piece of a file.
    package struct Piece: Sendable {
        fileprivate let path: URL
        fileprivate let range: Range<Int>

        private static let maximumSize = 1 << 20

        /// The pieces of a range of a file.
        fileprivate static func all(of path: URL, _ range: Range<Int>) -> [Piece] {
            stride(from: range.lowerBound, to: range.upperBound, by: maximumSize).map {
                Piece(path: path, range: $0..<min($0 + maximumSize, range.upperBound))
            }
        }

        /// What there is.
        package func bytes() throws -> [UInt8] {
            let bytes = try Disk.read(path, from: range.lowerBound, count: range.count)
            guard bytes.count == range.count else {
                throw JournalError.damaged(file: path.path, line: nil, reason: "it has become shorter")
            }
            return bytes
        }
    }

    /// Bytes of all together.
    package var size: Int { pieces.reduce(header.count) { $0 + $1.range.count } }
}

extension PublishedJournal {
    /// What the journal has through a transaction.
    ///
    /// - Parameter first: The number with which that is to begin, behind which no number was passed over; nil for that of the
    ///   segment that the transaction is in.
    /// - Returns: Nil where the journal has not all of it. What is of format 1 has no hashes to be checked by, and counts as
    ///   missing; so does what has a segment behind its first that says that the clock was behind, which one header cannot.
    /// - Throws: ``JournalError`` where it is damaged; ``DiskError``.
    package func part(from first: UInt64? = nil, through last: UInt64) throws -> JournalPart? {
        let segments = segments
        guard last <= announced, let end = segments.lastIndex(where: { $0.first <= last }) else { return nil }
        let first = first ?? segments[end].first
        guard first <= last, let start = segments.lastIndex(where: { $0.first <= first }) else { return nil }
        var header: JournalHeader?
        var pieces: [JournalPart.Piece] = []
        var (next, format, reached) = (first, DiskFormat.first, UInt64(0))
        for index in start...end {
            let file = segments[index].file
            let successor = index + 1 < segments.count ? segments[index + 1].first : nil
            var range: Range<Int>?
            var (before, after): (Timestamp?, Timestamp?)
            let survey = try file.survey(.init(successor: successor, watched: [first - 1])) {
                line,
                _ throws(JournalDamage) in
                if line.head.sequence < first { before = line.head.time }
                guard (first...last).contains(line.head.sequence) else { return }
                after = after ?? line.head.time
                // With the newline.
                range = (range?.lowerBound ?? line.range.lowerBound)..<line.range.upperBound + 1
                reached = line.head.sequence
            }
            if let error = file.error(survey) { throw error }
            guard let own = survey.header, index == start || own.stretch == nil else { return nil }
            if let range { pieces += JournalPart.Piece.all(of: file.path, range) }
            // No number is passed over that the segments do not say at their beginning.
            (next, format) = (max(next, own.next), max(format, own.format))
            if let hash = survey.seen[first - 1] {
                header = own.cut(at: ChainPoint(sequence: first - 1, hash: hash), before: before, after: after)
            }
        }
        header?.next = next
        header?.format = format
        guard reached == last, let header else { return nil }
        return JournalPart(header: header.line, pieces: pieces)
    }
}

extension JournalHeader {
    /// The first line of a segment that goes on from a point within this one; nil where it does not say whose it is.
    ///
    /// - Parameters:
    ///   - before: When the transaction there was accepted; nil where there is none in this segment.
    ///   - after: When the next one was; nil likewise.
    fileprivate func cut(at point: ChainPoint, before: Timestamp?, after: Timestamp?) -> JournalHeader? {
        guard let inventory else { return nil }
        var header = JournalHeader(
            inventory: inventory,
            next: next,
            previous: point.sequence + 1 == first ? previous : first,
            base: point,
            time: min(max(time, before ?? time), after ?? time),
            stretch: stretch
        )
        header.program = program
        return header
    }
}

/// The segment that leads up to the oldest one that there is.
package struct OlderSegment: Sendable, Equatable {
    /// The number that it begins with; nil for any.
    package let first: UInt64?
    /// The last transaction of it.
    package let end: ChainPoint

    package init(first: UInt64? = nil, end: ChainPoint) {
        self.first = first
        self.end = end
    }
}

extension JournalFolder {
    /// Where a segment is put that comes from elsewhere, until it is known to be what it should be.
    package func partial(_ older: OlderSegment) -> URL {
        // What is being begun by the writer is behind it.
        partial(segment(older.end.sequence))
    }

    /// Takes a segment from elsewhere that leads up to what there is: it is there when this returns, whole and on stable storage.
    ///
    /// - Parameter file: Where it is, in this folder. It is gone afterwards, also where it is not taken.
    /// - Throws: ``JournalError`` where it is not what it should be; ``DiskError``.
    package func take(_ file: URL, as older: OlderSegment, of inventory: UUID) throws -> Segment {
        do {
            let segment = try checked(file, as: older, of: inventory)
            // That of another file which had the name.
            if FileManager.default.fileExists(atPath: segment.indexPath.path) { try disk.remove(segment.indexPath) }
            try disk.adopt(file)
            try disk.sync(file)
            try disk.move(file, to: segment.path)
            return segment
        } catch {
            if FileManager.default.fileExists(atPath: file.path) { try disk.remove(file) }
            throw error
        }
    }

    /// The segment that a file is to be.
    private func checked(_ file: URL, as older: OlderSegment, of inventory: UUID) throws -> Segment {
        func damage(_ reason: String) -> JournalError { .damaged(file: file.path, line: nil, reason: reason) }
        let header: JournalHeader
        switch try Segment(first: 1, path: file).header() {
        case .success(let found): header = found
        case .failure(let found): throw damage(found.description)
        }
        guard header.inventory == inventory else { throw damage("it is of another inventory") }
        guard header.first <= older.end.sequence, older.first.map({ $0 == header.first }) ?? true else {
            throw damage("it begins with \(header.first)")
        }
        let found = Segment(first: header.first, path: file)
        let survey = try found.survey(.init(successor: older.end.sequence + 1))
        if let error = found.error(survey) { throw error }
        guard survey.chain == older.end.hash else {
            throw damage("it does not lead up to \(older.end.sequence) as it is here")
        }
        guard survey.end == nil, survey.goodSize == (try Disk.size(of: file)) else {
            throw damage("something stands behind \(older.end.sequence)")
        }
        return segment(header.first)
    }
}
