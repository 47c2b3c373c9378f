import Schema

/// Finds the place of the resource that has a value of one unique key.
struct KeyTable: ~Copyable {
    private var entries = PlaceTable()
    /// The number of each entry, and the place of its resource.
    private var numbers: ContiguousArray<UInt64> = []
    private var places: ContiguousArray<UInt32> = []
    private var free: [UInt32] = []
    private var texts: [String: UInt32] = [:]

    mutating func reserve(_ count: Int) {
        entries.reserve(count)
        numbers.reserveCapacity(count)
        places.reserveCapacity(count)
    }

    subscript(value: KeyValue) -> UInt32? {
        get {
            switch value {
            case .text(let text): texts[text]
            case .number(let number): entry(of: number).map { places[Int($0)] }
            }
        }
        set {
            switch value {
            case .text(let text): texts[text] = newValue
            case .number(let number): set(number, newValue)
            }
        }
    }

    /// Gives a value to the resource at a place, unless another one has it.
    ///
    /// - Returns: The place of that one.
    mutating func insert(_ place: UInt32, for value: KeyValue) -> UInt32? {
        if let holder = self[value] { return holder == place ? nil : holder }
        self[value] = place
        return nil
    }

    /// As ``PlaceTable/prefetch(_:)``.
    func prefetch(_ value: KeyValue) {
        if case .number(let number) = value { entries.prefetch(number.placeHash) }
    }

    private func entry(of number: UInt64) -> UInt32? {
        entries.first(hash: number.placeHash) { numbers[Int($0)] == number }
    }

    private mutating func set(_ number: UInt64, _ place: UInt32?) {
        switch (entry(of: number), place) {
        case (let entry?, let place?): places[Int(entry)] = place
        case (let entry?, nil):
            entries.remove(entry, hash: number.placeHash)
            free.append(entry)
        case (nil, let place?):
            let entry = free.popLast() ?? UInt32(numbers.count)
            if Int(entry) == numbers.count {
                numbers.append(number)
                places.append(place)
            } else {
                numbers[Int(entry)] = number
                places[Int(entry)] = place
            }
            entries.insert(entry, hash: number.placeHash)
        case (nil, nil): break
        }
    }
}

extension UInt64 {
    /// A hash for a ``PlaceTable``, another one in each process, so that nobody can make many values that share one.
    var placeHash: UInt32 { (self ^ Self.placeSeed.0).folded(with: Self.placeSeed.1) }

    private static let placeSeed = (random(in: .min ... .max), random(in: .min ... .max) | 1)

    /// The bits of the product, none of which depends on a few bits only.
    func folded(with other: UInt64) -> UInt32 {
        let product = multipliedFullWidth(by: other)
        let folded = product.high ^ product.low
        return UInt32(truncatingIfNeeded: folded ^ folded >> 32)
    }
}
