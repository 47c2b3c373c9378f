package import Foundation
package import Records

/// The folder of the journal: segments that follow one another, each named by the first number that it may hold.
package struct JournalFolder: Sendable {
    package let path: URL
    package let disk: Disk

    /// What the names of segments end with.
    package static let pathExtension = "ndjson"
    private static let suffix = ".\(pathExtension)"
    private static let partialPrefix = ".partial-"
    private static let digits = 20

    package init(_ path: URL, disk: Disk = Disk()) {
        self.path = path
        self.disk = disk
    }

    /// A file of the journal.
    package struct Segment: Hashable, Sendable {
        /// The number that its name has: what older segments have from here on counts for nothing.
        package let first: UInt64
        package let path: URL

        package init(first: UInt64, path: URL) {
            self.first = first
            self.path = path
        }
    }

    /// The segments, oldest first. Other files are nobody's business here.
    package func segments() throws(DiskError) -> [Segment] {
        try disk.names(in: path).compactMap { name in
            guard name.hasSuffix(Self.suffix), name.utf8.count == Self.digits + Self.suffix.utf8.count,
                let first = UInt64(name.prefix(Self.digits)), first >= 1
            else { return nil }
            return Segment(first: first, path: path.appending(path: name))
        }.sorted { $0.first < $1.first }
    }

    /// The segment that begins with a number.
    package func segment(_ first: UInt64) -> Segment {
        let number = String(first)
        let name = String(repeating: "0", count: Self.digits - number.count) + number + Self.suffix
        return Segment(first: first, path: path.appending(path: name))
    }

    /// What a segment is called while it is begun.
    package func partial(_ segment: Segment) -> URL {
        path.appending(path: Self.partialPrefix + segment.path.lastPathComponent)
    }

    /// Removes what a crash has left of files that were being written.
    package func removePartial() throws(DiskError) {
        for name in try disk.names(in: path) where name.hasPrefix(Self.partialPrefix) || name.hasSuffix(".partial") {
            try disk.remove(path.appending(path: name))
        }
    }
}

extension JournalFolder.Segment {
    /// The file that says where in the segment a resource is.
    package var indexPath: URL { path.deletingPathExtension().appendingPathExtension("index") }

    package var name: String { path.lastPathComponent }

    /// The first line, and nothing else of the file.
    package func header() throws(DiskError) -> Result<JournalHeader, JournalDamage> {
        let bytes = try Disk.read(path, count: JournalHeader.maximumSize)
        return bytes.withUnsafeBytes { bytes in
            var lines = LineIterator(bytes)
            return Result { () throws(JournalDamage) in
                guard let line = lines.next(), line.isComplete,
                    case .header(let header) = try JournalLine(line.bytes(in: bytes))
                else { throw JournalDamage("it has no beginning") }
                return header
            }
        }
    }

    /// The bytes of the file.
    package func contents() throws(DiskError) -> [UInt8] { try Disk.read(path) }
}
