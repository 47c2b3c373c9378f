import Foundation

/// Who, of the resources that a transaction touches, has a unique key now: more than one while keys are being exchanged.
///
/// Adding and removing take constant time on average, however many there are.
struct Claimants {
    /// The one that came last.
    private(set) var last: UUID?
    /// The claimants before it; among them may be some that are gone.
    private var others: [(id: UUID, number: Int)] = []
    /// The numbers of those before it that are not gone.
    private var numbers: [UUID: Int] = [:]
    private var nextNumber = 0

    /// The one that came first.
    var first: UUID? { others.first { numbers[$0.id] == $0.number }?.id ?? last }

    func contains(_ id: UUID) -> Bool { last == id || numbers[id] != nil }

    mutating func add(_ id: UUID) {
        if let last {
            others.append((last, nextNumber))
            numbers[last] = nextNumber
            nextNumber += 1
        }
        last = id
    }

    mutating func remove(_ id: UUID) {
        guard last == id else {
            numbers[id] = nil
            return
        }
        last = nil
        while last == nil, let (id, number) = others.popLast() {
            guard numbers[id] == number else { continue }
            numbers[id] = nil
            last = id
        }
    }
}
