import Inventory

/// Resources that have a unique key in their documents which another one keeps: an earlier version did not know that both are the
/// same.
struct Claims {
    private var places: [UniqueKey: [UInt32]] = [:]

    var isEmpty: Bool { places.isEmpty }

    /// How many resources do without a key.
    var count: Int { Set(places.values.joined()).count }

    /// The first of their places.
    var example: UInt32? { places.values.joined().min() }

    /// The places of the resources that do without a key.
    func places(of key: UniqueKey) -> [UInt32] { places[key] ?? [] }

    mutating func add(_ place: UInt32, to key: UniqueKey) { places[key, default: []].append(place) }

    mutating func remove(_ place: UInt32, from key: UniqueKey) {
        guard let index = places[key]?.firstIndex(of: place) else { return }
        places[key]?.remove(at: index)
        if places[key]?.isEmpty == true { places[key] = nil }
    }

    /// Takes the place of the resource that gets a key which has become free.
    ///
    /// - Parameter isBefore: Whether the resource at one place comes before that at another.
    mutating func takeFirst(of key: UniqueKey, _ isBefore: (UInt32, UInt32) -> Bool) -> UInt32? {
        guard let first = places[key]?.min(by: isBefore) else { return nil }
        remove(first, from: key)
        return first
    }
}
