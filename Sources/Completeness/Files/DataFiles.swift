package import Foundation
package import Journal
import Records
package import Tables

/// What there is of an inventory on disk, by names, first lines and manifests.
package struct DataFiles: Sendable {
    let head: JournalHead.Found
    let adoption: Adoption.Found
    /// Oldest first.
    package private(set) var segments: [SegmentFile]
    /// Newest first.
    package let snapshots: [SnapshotFile]
    /// Where they are.
    package let directory: DataDirectory
    /// What is known of the one past that the journal has: the hash after some transactions.
    private(set) var points: [UInt64: ChainHash] = [:]
    /// The numbers of the transactions that snapshots were taken at.
    let snapshotNumbers: Set<UInt64>
    /// What was adopted, by the first numbers of the segments.
    let adopted: [UInt64: Adopted]

    /// What a segment of format 1 goes on from.
    struct Adopted: Sendable {
        /// The first number of the segment before; 0 where there is none.
        var previous: UInt64
        /// The hash before the segment, where it is known.
        var chain: ChainHash?
    }

    /// A segment, and its first line.
    package struct SegmentFile: Sendable {
        package var file: JournalFolder.Segment
        var header: Result<JournalHeader, JournalDamage>

        /// The header, where it can be read.
        var readHeader: JournalHeader? {
            if case .success(let header) = header { header } else { nil }
        }

        var isOfFirstFormat: Bool { readHeader?.format == DiskFormat.first }
    }

    /// A snapshot, and what its manifest says.
    package struct SnapshotFile: Sendable {
        package var id: String
        var manifest: Result<SnapshotManifest, SnapshotError>

        /// The manifest, where it can be read.
        var readManifest: SnapshotManifest? {
            if case .success(let manifest) = manifest { manifest } else { nil }
        }
    }

    /// Looks at what is there. Of a folder that a server writes to, what comes later here may be newer.
    ///
    /// - Throws: Where another version of the program has written any of it.
    package init(_ directory: DataDirectory) throws {
        self.directory = directory
        let disk = directory.disk
        head =
            try disk.contents(of: directory.head).map { [path = directory.head] in
                try JournalHead.found(in: $0, file: path)
            } ?? .absent
        adoption =
            try disk.contents(of: directory.adoption).map { [path = directory.adoption] in
                try Adoption.found(in: $0, file: path)
            } ?? .absent
        let folder = SnapshotFolder(directory.snapshots, disk: disk)
        snapshots = try folder.ids().map { id in
            do throws(SnapshotError) {
                return SnapshotFile(id: id, manifest: .success(try folder.snapshot(id).manifest))
            } catch .otherVersion(let reason, let program) {
                throw JournalError.otherVersion(
                    file: folder.folder(id).path,
                    line: nil,
                    reason: "it \(reason)",
                    program: program
                )
            } catch {
                return SnapshotFile(id: id, manifest: .failure(error))
            }
        }
        segments = try JournalFolder(directory.journal, disk: disk).segments().map { file in
            let header = try file.header()
            if case .failure(let damage) = header, damage.isOfOtherVersion {
                throw JournalError.otherVersion(
                    file: file.path.path,
                    line: 1,
                    reason: damage.description,
                    program: damage.program
                )
            }
            return SegmentFile(file: file, header: header)
        }
        snapshotNumbers = Set(snapshots.compactMap { $0.readManifest?.position?.sequence })
        var adopted: [UInt64: Adopted] = [:]
        if case .adoption(let adoption) = adoption {
            var before = Adopted(previous: 0, chain: .beginning)
            for segment in adoption.segments {
                adopted[segment.first] = before
                before = Adopted(previous: segment.first, chain: segment.tip?.hash)
            }
        }
        self.adopted = adopted
        points = knownPoints
    }

    private var knownPoints: [UInt64: ChainHash] {
        let adopted = readAdoption?.segments.compactMap(\.tip) ?? []
        let inventory = inventory
        let own = segments.compactMap(\.readHeader).filter { $0.inventory == inventory }
        let all = adopted + own.compactMap(\.base) + [readHead?.tip].compactMap(\.self)
        return Dictionary(all.map { ($0.sequence, $0.hash) }) { $1 }
    }

    /// The same without some segments.
    func without(_ removed: [URL]) -> DataFiles {
        guard !removed.isEmpty else { return self }
        var files = self
        files.segments.removeAll { removed.contains($0.file.path) }
        files.points = files.knownPoints
        return files
    }

    /// Whether there is nothing at all.
    package var isEmpty: Bool { head == .absent && adoption == .absent && segments.isEmpty && snapshots.isEmpty }

    /// Whether all of it was written in format 1, so that it has to be adopted. Of an adoption that came to nothing there
    /// may be a head.
    package var isOfFirstFormat: Bool {
        guard adoption == .absent, !segments.isEmpty || !snapshots.isEmpty else { return false }
        let isAdopted = readHead.map { $0.segment != segments.last?.file.first ?? 0 } ?? (head != .absent)
        return !isAdopted && segments.allSatisfy { $0.isOfFirstFormat || $0.readHeader == nil }
            && snapshots.allSatisfy { $0.readManifest?.format ?? DiskFormat.first == DiskFormat.first }
    }

    /// The head, where it can be read.
    package var readHead: JournalHead? {
        if case .head(let head) = head { head } else { nil }
    }

    /// What was adopted, where that can be read.
    var readAdoption: Adoption? {
        if case .adoption(let adoption) = adoption { adoption } else { nil }
    }

    /// The snapshots that belong to an inventory.
    package func snapshots(of inventory: UUID) -> SnapshotFolder {
        var folder = SnapshotFolder(directory.snapshots, disk: directory.disk)
        folder.owner = .init(inventory: inventory, adopted: Set(readAdoption?.snapshots ?? []))
        return folder
    }

    /// Makes sure that nothing is missing or foreign, as far as ``faults`` tells.
    package func check() throws(JournalError) {
        let faults = faults
        guard faults.isEmpty else { throw .incomplete(faults) }
    }

    /// The inventory that all of it should belong to; nil where nothing says.
    package var inventory: UUID? {
        readHead?.inventory ?? segments.reversed().lazy.compactMap { $0.readHeader?.inventory }.first
            ?? readAdoption?.inventory ?? snapshots.lazy.compactMap { $0.readManifest?.inventory }.first
    }
}
