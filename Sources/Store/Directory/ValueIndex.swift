/// The places of the resources that have a value in an indexed field, by a hash of both.
///
/// Values that share a hash share their places, so whoever asks looks at the documents. A value of one resource takes eight
/// bytes and as little time as a unique key; of one that many share, each takes constant time to add and to remove.
struct ValueIndex: ~Copyable {
    /// For each hash, the place of the one resource that has it, or the number of its group with ``groupMark``.
    private var entries = PlaceTable()
    /// The places that share a hash.
    private var groups: [PlaceTable] = []
    private var freeGroups: [Int] = []

    private static let groupMark: UInt32 = 1 << 31

    /// How many resources the index finds for one value at most; a search in the projection finds more as well.
    static let maximumFound = 1000

    /// The places of the resources that may have a value.
    ///
    /// - Returns: Nil where there are more than ``maximumFound``.
    func places(_ hash: UInt32) -> [UInt32]? {
        guard let entry = entries.first(hash: hash, where: { _ in true }) else { return [] }
        guard entry & Self.groupMark != 0 else { return [entry] }
        let group = groups[Int(entry ^ Self.groupMark)]
        return group.count <= Self.maximumFound ? Array(group.places) : nil
    }

    /// Has a place found by a hash that it was not found by.
    mutating func add(_ place: UInt32, _ hash: UInt32) {
        guard let entry = entries.first(hash: hash, where: { _ in true }) else {
            return entries.insert(place, hash: hash)
        }
        if entry & Self.groupMark != 0 {
            groups[Int(entry ^ Self.groupMark)].insert(place, hash: place.groupHash)
            return
        }
        let number = freeGroups.popLast() ?? groups.count
        if number == groups.count { groups.append(PlaceTable()) }
        groups[number].insert(entry, hash: entry.groupHash)
        groups[number].insert(place, hash: place.groupHash)
        entries.remove(entry, hash: hash)
        entries.insert(UInt32(number) | Self.groupMark, hash: hash)
    }

    /// Takes back what ``add(_:_:)`` did.
    mutating func remove(_ place: UInt32, _ hash: UInt32) {
        guard let entry = entries.first(hash: hash, where: { _ in true }) else { return }
        guard entry & Self.groupMark != 0 else { return entries.remove(place, hash: hash) }
        let number = Int(entry ^ Self.groupMark)
        groups[number].remove(place, hash: place.groupHash)
        guard groups[number].count == 0 else { return }
        groups[number] = PlaceTable()
        freeGroups.append(number)
        entries.remove(entry, hash: hash)
    }
}

extension UInt32 {
    /// A hash of a place; places are numbered one after the other, by nobody's choice.
    fileprivate var groupHash: UInt32 { self &* 0x9E37_79B1 }
}
