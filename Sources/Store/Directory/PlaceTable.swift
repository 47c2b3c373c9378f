import CSystemShims

/// Finds the places of what has a hash: an open-addressing table of four bytes of the hash and four of the place each.
///
/// Several places may have one hash, and whoever asks tells which is the right one. Swift's dictionaries take several
/// times the memory, since they keep the keys too.
struct PlaceTable {
    /// The upper 32 bits are the hash, the lower ones the place; ``empty`` where there is none.
    private var entries: ContiguousArray<UInt64> = []
    private(set) var count = 0

    private static let empty = UInt64.max

    private var mask: Int { entries.count - 1 }

    /// Makes room for a number of places in all.
    mutating func reserve(_ wanted: Int) {
        // Three quarters full at most.
        var capacity = max(16, entries.count)
        while capacity * 3 < wanted * 4 { capacity *= 2 }
        if capacity > entries.count { resize(capacity) }
    }

    private mutating func resize(_ capacity: Int) {
        let old = entries
        entries = ContiguousArray(repeating: Self.empty, count: capacity)
        for entry in old where entry != Self.empty { place(entry) }
    }

    private mutating func place(_ entry: UInt64) {
        var index = Int(entry >> 32) & mask
        while entries[index] != Self.empty { index = (index + 1) & mask }
        entries[index] = entry
    }

    mutating func insert(_ place: UInt32, hash: UInt32) {
        reserve(count + 1)
        self.place(UInt64(hash) << 32 | UInt64(place))
        count += 1
    }

    /// Has the processor fetch what stands where a hash belongs. Whoever does so for many hashes before it asks for their
    /// places waits for memory once, not for each.
    func prefetch(_ hash: UInt32) {
        guard !entries.isEmpty else { return }
        entries.withUnsafeBufferPointer { no_prefetch($0.baseAddress! + (Int(hash) & mask)) }
    }

    /// The places with a hash, as long as a condition does not hold.
    ///
    /// - Returns: The place of which it holds.
    func first(hash: UInt32, where isRight: (UInt32) -> Bool) -> UInt32? {
        guard count > 0 else { return nil }
        var index = Int(hash) & mask
        while entries[index] != Self.empty {
            let entry = entries[index]
            if UInt32(truncatingIfNeeded: entry >> 32) == hash {
                let place = UInt32(truncatingIfNeeded: entry)
                if isRight(place) { return place }
            }
            index = (index + 1) & mask
        }
        return nil
    }

    /// All places, in no order.
    var places: some Sequence<UInt32> {
        entries.lazy.filter { $0 != Self.empty }.map { UInt32(truncatingIfNeeded: $0) }
    }

    mutating func remove(_ place: UInt32, hash: UInt32) {
        guard count > 0 else { return }
        let entry = UInt64(hash) << 32 | UInt64(place)
        var index = Int(hash) & mask
        while entries[index] != entry {
            guard entries[index] != Self.empty else { return }
            index = (index + 1) & mask
        }
        count -= 1
        // What follows moves up, as far as that brings it nearer to where it belongs.
        var gap = index
        var next = (gap + 1) & mask
        while entries[next] != Self.empty {
            let home = Int(entries[next] >> 32) & mask
            if (next - home) & mask >= (next - gap) & mask {
                entries[gap] = entries[next]
                gap = next
            }
            next = (next + 1) & mask
        }
        entries[gap] = Self.empty
    }
}
