import CSystemShims
import Foundation
import Inventory
import Records

/// Where in a segment each change of each resource is.
///
/// A closed segment has its index in a file beside it, sorted by identifier and number, which is made anew where it is
/// missing or damaged. The layout is that of `docs/formats/journal.md`.
struct SegmentIndex {
    private let bytes: [UInt8]
    private let count: Int

    /// Bytes of the index.
    var size: Int { bytes.count }

    private static let magic = Array("NOINDEX1".utf8)
    private static let entrySize = 40
    private static let checksumSize = 4

    /// Makes the index of what is in a segment.
    init(_ entries: [ChangePlace]) {
        let sorted = entries.sorted { ($0.resource.id, $0.sequence) < ($1.resource.id, $1.sequence) }
        var bytes = Self.magic
        bytes.reserveCapacity(Self.magic.count + sorted.count * Self.entrySize + Self.checksumSize)
        for entry in sorted {
            withUnsafeBytes(of: entry.resource.id.uuid) { bytes += $0 }
            bytes.append(littleEndian: entry.sequence)
            bytes.append(littleEndian: UInt64(entry.line))
            bytes.append(littleEndian: UInt32(entry.lineLength))
            bytes.append(littleEndian: UInt32(entry.position) << 8 | UInt32(entry.resource.kind.number))
        }
        bytes.append(littleEndian: bytes.withUnsafeBytes { no_crc32c(0, $0.baseAddress, $0.count) })
        self.bytes = bytes
        count = sorted.count
    }

    /// Reads an index from its file; nil where there is none that can be used, so that the segment is read, which says why
    /// if it is of another version.
    init?(file: URL) {
        guard let data = Self.contents(of: file),
            data.count >= Self.magic.count + Self.checksumSize,
            (data.count - Self.magic.count - Self.checksumSize) % Self.entrySize == 0,
            data.starts(with: Self.magic)
        else { return nil }
        let body = data.count - Self.checksumSize
        let isWhole = data.withUnsafeBytes { bytes in
            bytes.loadUnaligned(fromByteOffset: body, as: UInt32.self).littleEndian
                == no_crc32c(0, bytes.baseAddress, body)
        }
        guard isWhole else { return nil }
        let count = (body - Self.magic.count) / Self.entrySize
        guard
            data.withUnsafeBytes({ bytes in
                (0..<count).allSatisfy { Self.kind(bytes, $0) != nil && Self.line(bytes, $0) < 1 << 53 }
            })
        else {
            return nil
        }
        bytes = data
        self.count = count
    }

    private static func contents(of file: URL) -> [UInt8]? {
        do throws(DiskError) {
            return try Disk.read(file)
        } catch {
            // The index is made anew.
            return nil
        }
    }

    /// The index as a file.
    var contents: [UInt8] { bytes }

    /// The changes of a resource, oldest first.
    ///
    /// - Complexity: O(log *n*).
    func entries(of resource: ResourceID) -> [ChangePlace] {
        bytes.withUnsafeBytes { bytes in
            var low = 0
            var high = count
            while low < high {
                let middle = (low + high) / 2
                if Self.id(bytes, middle) < resource.id { low = middle + 1 } else { high = middle }
            }
            var entries: [ChangePlace] = []
            while low < count, Self.id(bytes, low) == resource.id {
                let entry = Self.entry(bytes, low)
                if entry.resource == resource { entries.append(entry) }
                low += 1
            }
            return entries
        }
    }

    /// The resources that changed within a range of numbers.
    func resources(changedIn range: ClosedRange<UInt64>) -> Set<ResourceID> {
        Set(entries(in: range).map(\.resource))
    }

    /// The changes within a range of numbers.
    func entries(in range: ClosedRange<UInt64>) -> [ChangePlace] {
        bytes.withUnsafeBytes { bytes in
            (0..<count).lazy.map { Self.entry(bytes, $0) }.filter { range.contains($0.sequence) }
        }
    }

    private static func id(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UUID {
        UUID(uuid: bytes.loadUnaligned(fromByteOffset: magic.count + index * entrySize, as: uuid_t.self))
    }

    /// The kind of an entry; nil for one that only another version of the program knows.
    private static func kind(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Kind? {
        Kind(number: Int(bytes[magic.count + index * entrySize + 36]))
    }

    /// Where the line of an entry begins in the file.
    private static func line(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt64 {
        UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: magic.count + index * entrySize + 24, as: UInt64.self)
        )
    }

    private static func entry(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> ChangePlace {
        let offset = magic.count + index * entrySize
        let last = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 36, as: UInt32.self))
        guard let kind = kind(bytes, index) else { preconditionFailure("an index that is read has known kinds alone") }
        return ChangePlace(
            resource: ResourceID(kind, id(bytes, index)),
            sequence: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)),
            line: Int(line(bytes, index)),
            lineLength: Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 32, as: UInt32.self))),
            position: Int(last >> 8)
        )
    }
}
