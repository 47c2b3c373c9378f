import Foundation
import Records

/// The resources of a kind at their places, in chunks: a copy for a reader costs little, and a change after it copies
/// only the chunk that it is in.
struct SlotArray {
    /// A place for a resource.
    struct Slot {
        var id: UUID
        /// The other resource that it has a copy of, and the places of those before and behind it that have one, too.
        var embedded: UUID?
        var previous = Self.nowhere
        var next = Self.nowhere
        /// Whether there is no resource at the place.
        var isFree = false
        var stored: StoredResource

        static let nowhere = UInt32.max
    }

    private var chunks: [ContiguousArray<Slot>] = []
    private(set) var count = 0

    private static let chunkSize = 1024

    subscript(place: UInt32) -> Slot {
        _read { yield chunks[Int(place) / Self.chunkSize][Int(place) % Self.chunkSize] }
        _modify { yield &chunks[Int(place) / Self.chunkSize][Int(place) % Self.chunkSize] }
    }

    mutating func append(_ slot: Slot) {
        if count % Self.chunkSize == 0 {
            chunks.append([])
            chunks[chunks.count - 1].reserveCapacity(Self.chunkSize)
        }
        chunks[chunks.count - 1].append(slot)
        count += 1
    }

    /// The places of all resources in the order of their identifiers.
    ///
    /// - Complexity: O(*n* log *n*), but O(*n*) where they came in that order.
    var placesInOrder: [UInt32] {
        var order: [(key: (UInt64, UInt64), place: UInt32)] = []
        order.reserveCapacity(count)
        var place: UInt32 = 0
        var isSorted = true
        for chunk in chunks {
            for index in chunk.indices {
                defer { place += 1 }
                guard !chunk[index].isFree else { continue }
                let key = chunk[index].id.numbers
                if let last = order.last, key < last.key { isSorted = false }
                order.append((key, place))
            }
        }
        if !isSorted { order.sort { $0.key < $1.key } }
        return order.map(\.place)
    }

    func count(where condition: (StoredResource) -> Bool) -> Int {
        chunks.reduce(0) { sum, chunk in
            // By index, which copies no resource.
            sum + chunk.indices.count { !chunk[$0].isFree && condition(chunk[$0].stored) }
        }
    }
}

extension UUID {
    /// The identifier as two numbers that are ordered as identifiers are.
    var numbers: (UInt64, UInt64) {
        withUnsafeBytes(of: uuid) { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }
}
