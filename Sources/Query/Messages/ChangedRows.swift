import Foundation
import Inventory
import Records

/// What resources of a kind have become since the base; the binary payload of a frame.
///
/// The kind's number, then for each resource its identifier, version and document, whose length stands before it; a
/// length of ``deletion`` says that there is none. Numbers are in little-endian order. Secrets are left out.
enum ChangedRows {
    private static let deletion = UInt32.max
    /// When a frame is large enough, in bytes.
    private static let frameSize = 4 << 20

    /// The frames for changes.
    static func frames(of changes: [JournalChange]) -> [Frame] {
        var frames: [Frame] = []
        for (kind, changes) in Dictionary(grouping: changes, by: \.resource.kind) {
            let empty = Frame(.rows, [UInt8(kind.number)])
            var frame = empty
            for change in changes {
                withUnsafeBytes(of: change.resource.id.uuid) { frame.payload += $0 }
                frame.payload.append(littleEndian: change.stored?.version ?? 0)
                frame.payload.append(littleEndian: change.stored.map { UInt32($0.document.count) } ?? deletion)
                frame.payload += change.stored?.document ?? []
                if frame.payload.count >= frameSize {
                    frames.append(frame)
                    frame = empty
                }
            }
            if frame != empty { frames.append(frame) }
        }
        return frames
    }

    /// Reads a frame.
    static func read(_ payload: [UInt8]) throws(BrokenConnection) -> (
        kind: Kind, rows: [(id: UUID, stored: StoredResource?)]
    ) {
        var rest = payload[...]
        func take(_ count: Int) throws(BrokenConnection) -> ArraySlice<UInt8> {
            guard rest.count >= count else { throw BrokenConnection(description: "a frame of rows is cut off") }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        func number<Number: FixedWidthInteger>(_ type: Number.Type) throws(BrokenConnection) -> Number {
            try take(MemoryLayout<Number>.size).reversed().reduce(0) { $0 << 8 | Number($1) }
        }
        guard let kind = Kind(number: Int(try number(UInt8.self))) else {
            throw BrokenConnection(description: "a frame of rows is of no kind")
        }
        var rows: [(id: UUID, stored: StoredResource?)] = []
        while !rest.isEmpty {
            let id = UUID(uuid: try take(16).withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) })
            let version = try number(UInt64.self)
            let length = try number(UInt32.self)
            guard length != deletion else {
                rows.append((id, nil))
                continue
            }
            rows.append((id, StoredResource(document: Array(try take(Int(length))), version: version)))
        }
        return (kind, rows)
    }
}
