/// The operations that turn one JSON document into another (RFC 6902).
///
/// What `JSONValue` holds equal is no difference: the order of members and the spelling of numbers do not count. An
/// array is compared from both ends, and what lies between by position, so a single insertion, removal or change costs
/// one operation, while several in one array may cost operations for each element between them.
package struct JSONPatch: Sendable, Equatable {
    /// One step, which points into the document as the steps before it have left it.
    package enum Operation: Sendable, Equatable {
        /// Adds a member, puts an element before the one that has its position, or makes the whole document.
        case add(JSONPointer, JSONValue)
        /// Removes the value at a place.
        case remove(JSONPointer)
        /// Puts another value in the place of one that is there.
        case replace(JSONPointer, JSONValue)
    }

    /// The steps, in the order in which they have to be applied.
    package private(set) var operations: [Operation] = []

    /// Compares two documents, where nil is that there is none.
    ///
    /// Takes time linear in their size; where arrays are nested, times their depth.
    package init(from old: JSONValue?, to new: JSONValue?) {
        switch (old, new) {
        case (.none, .none): break
        case (.none, .some(let new)): operations = [.add(JSONPointer(), new)]
        case (.some, .none): operations = [.remove(JSONPointer())]
        case (.some(let old), .some(let new)):
            var path: [String] = []
            compare(old, new, at: &path)
        }
    }

    /// Whether there is no difference.
    package var isEmpty: Bool { operations.isEmpty }

    /// The patch as a JSON document of the type `application/json-patch+json`.
    package var json: JSONValue { .array(operations.map(\.json)) }
}

extension JSONPatch {
    /// The path is one that grows and shrinks, since pointers are made for differences only.
    private mutating func compare(_ old: JSONValue, _ new: JSONValue, at path: inout [String]) {
        switch (old, new) {
        case (.object(let old), .object(let new)): compareMembers(old, new, at: &path)
        case (.array(let old), .array(let new)): compareElements(old, new, at: &path)
        case _ where old != new: operations.append(.replace(JSONPointer(path), new))
        default: break
        }
    }

    private mutating func compareMembers(_ old: JSONObject, _ new: JSONObject, at path: inout [String]) {
        for member in old where new[member.key] == .none {
            operations.append(.remove(JSONPointer(path + [member.key])))
        }
        for member in new {
            path.append(member.key)
            if let oldValue = old[member.key] {
                compare(oldValue, member.value, at: &path)
            } else {
                operations.append(.add(JSONPointer(path), member.value))
            }
            path.removeLast()
        }
    }

    private mutating func compareElements(_ old: [JSONValue], _ new: [JSONValue], at path: inout [String]) {
        let shorter = min(old.count, new.count)
        var start = 0
        while start < shorter, old[start] == new[start] {
            start += 1
        }
        var equalAtEnd = 0
        while equalAtEnd < shorter - start, old[old.count - 1 - equalAtEnd] == new[new.count - 1 - equalAtEnd] {
            equalAtEnd += 1
        }
        let surplus = shorter - equalAtEnd

        for index in start..<surplus {
            path.append(String(index))
            compare(old[index], new[index], at: &path)
            path.removeLast()
        }
        // Each index has to hold after the steps before it, which move all elements that follow theirs.
        for index in (surplus..<(old.count - equalAtEnd)).reversed() {
            operations.append(.remove(JSONPointer(path + [String(index)])))
        }
        for index in surplus..<(new.count - equalAtEnd) {
            operations.append(.add(JSONPointer(path + [String(index)]), new[index]))
        }
    }
}

extension JSONPatch.Operation {
    fileprivate var json: JSONValue {
        switch self {
        case .add(let pointer, let value): ["op": "add", "path": .string(pointer.description), "value": value]
        case .remove(let pointer): ["op": "remove", "path": .string(pointer.description)]
        case .replace(let pointer, let value): ["op": "replace", "path": .string(pointer.description), "value": value]
        }
    }
}
