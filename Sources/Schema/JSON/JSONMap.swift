import Foundation

/// Values by name, in the order in which they were added: the members of a JSON object.
///
/// Names are told apart by their bytes, so that canonically equivalent spellings are different names, as in JSON.
/// Looking up is linear over a few members and constant-time over many.
package struct JSONMap<Value: Sendable>: Sendable {
    /// One name with its value.
    package struct Member: Sendable {
        /// The name.
        package let key: String
        /// What the name stands for.
        package var value: Value
    }

    /// The members, in order.
    package private(set) var members: [Member] = []
    /// Positions by name, once there are more members than a linear search is good for.
    private var positions: [Name: Int] = [:]

    private static var longestLinearSearch: Int { 16 }

    /// Creates a map without members.
    package init() {}

    /// Creates a map of the given members; of several with one name the last value counts, in the first one's place.
    package init(_ members: some Sequence<(String, Value)>) {
        for (key, value) in members {
            self[key] = value
        }
    }

    /// The number of members.
    package var count: Int { members.count }

    /// Whether there are no members.
    package var isEmpty: Bool { members.isEmpty }

    /// The value of a name: setting it adds a member at the end or replaces the value in its place, and setting nil
    /// removes it, which takes time linear in the number of members.
    package subscript(key: String) -> Value? {
        get { position(of: key).map { members[$0].value } }
        set {
            switch (position(of: key), newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil):
                members.remove(at: position)
                indexMembers()
            case (nil, let value?): append(Member(key: key, value: value))
            case (nil, nil): break
            }
        }
    }

    /// Adds a member at the end, and returns whether the name was new; otherwise nothing changes.
    package mutating func insert(_ value: Value, forNewKey key: String) -> Bool {
        guard position(of: key) == nil else { return false }
        append(Member(key: key, value: value))
        return true
    }

    /// Removes the members whose names are as a condition says.
    package mutating func removeAll(where condition: (_ key: String) -> Bool) {
        let count = members.count
        members.removeAll { condition($0.key) }
        if members.count < count { indexMembers() }
    }

    /// The same names in the same order, with transformed values.
    package func mapValues<Result: Sendable, Failure: Error>(
        _ transform: (Value) throws(Failure) -> Result
    ) throws(Failure) -> JSONMap<Result> {
        var result = JSONMap<Result>()
        for member in members {
            result.append(.init(key: member.key, value: try transform(member.value)))
        }
        return result
    }

    /// Makes room for a number of members.
    mutating func reserveCapacity(_ count: Int) {
        members.reserveCapacity(count)
    }

    private func position(of key: String) -> Int? {
        if members.count > Self.longestLinearSearch {
            return positions[Name(text: key)]
        }
        return members.firstIndex { $0.key.hasSameBytes(as: key) }
    }

    private mutating func append(_ member: Member) {
        members.append(member)
        if members.count == Self.longestLinearSearch + 1 {
            indexMembers()
        } else if members.count > Self.longestLinearSearch {
            positions[Name(text: member.key)] = members.count - 1
        }
    }

    private mutating func indexMembers() {
        positions.removeAll(keepingCapacity: members.count > Self.longestLinearSearch)
        guard members.count > Self.longestLinearSearch else { return }
        for (position, member) in members.enumerated() {
            positions[Name(text: member.key)] = position
        }
    }
}

extension JSONMap: Sequence {
    package func makeIterator() -> IndexingIterator<[Member]> {
        members.makeIterator()
    }
}

extension JSONMap: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, Value)...) {
        self.init(elements)
    }
}

extension JSONMap: Equatable where Value: Equatable {
    /// Whether both hold equal values under the same names, in whatever order.
    package static func == (left: Self, right: Self) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }
}

extension JSONMap: Hashable where Value: Hashable {
    package func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in members {
            var memberHasher = Hasher()
            member.key.hashBytes(into: &memberHasher)
            memberHasher.combine(member.value)
            sum &+= memberHasher.finalize()
        }
        hasher.combine(sum)
    }
}

/// A string that is compared by its bytes, for use as a dictionary's key.
struct Name: Hashable {
    let text: String

    static func == (left: Name, right: Name) -> Bool {
        left.text.hasSameBytes(as: right.text)
    }

    func hash(into hasher: inout Hasher) {
        text.hashBytes(into: &hasher)
    }
}

extension String {
    /// Whether both strings are the same code points; `==` also holds for canonically equivalent ones.
    func hasSameBytes(as other: String) -> Bool {
        let count = utf8.count
        guard count == other.utf8.count else { return false }
        let result = utf8.withContiguousStorageIfAvailable { bytes in
            other.utf8.withContiguousStorageIfAvailable { otherBytes in
                count == 0 || memcmp(bytes.baseAddress!, otherBytes.baseAddress!, count) == 0
            }
        }
        return result.flatMap(\.self) ?? utf8.elementsEqual(other.utf8)
    }

    /// Feeds the bytes of the string to a hasher.
    func hashBytes(into hasher: inout Hasher) {
        var copy = self
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
