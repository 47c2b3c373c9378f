import Inventory
import Records
package import Schema

extension InventoryDifference {
    /// How many resources were added, removed and changed.
    package var summary: JSONValue {
        func count(_ isCounted: (Difference) -> Bool) -> JSONValue {
            .number(JSONNumber(resources.count(where: isCounted)))
        }
        return [
            "added": count { $0.before == nil }, "removed": count { $0.after == nil },
            "changed": count { $0.before != nil && $0.after != nil },
        ]
    }

    /// The difference as clients get it, as JSON in pieces, each of one resource at most.
    package var jsonPieces: some Sequence<[UInt8]> & Sendable {
        DifferencePieces(difference: self)
    }
}

/// Makes JSON of a difference as it is needed, since a difference can be as large as the inventory.
private struct DifferencePieces: Sequence, IteratorProtocol, Sendable {
    let difference: InventoryDifference
    /// The list that is being written, and the resource to be looked at next.
    private var list = -1
    private var index = 0
    private var isFirst = true

    private static let lists: [(name: String, has: @Sendable (Difference) -> Bool)] = [
        ("added", { $0.before == nil }), ("removed", { $0.after == nil }),
        ("changed", { $0.before != nil && $0.after != nil }),
    ]

    init(difference: InventoryDifference) {
        self.difference = difference
    }

    mutating func next() -> [UInt8]? {
        guard list < Self.lists.count else { return nil }
        while list >= 0, index < difference.resources.count {
            let resource = difference.resources[index]
            index += 1
            guard Self.lists[list].has(resource) else { continue }
            defer { isFirst = false }
            return Array((isFirst ? "" : ",").utf8) + resource.json.bytes
        }
        var piece =
            list < 0
            ? #"{"from":\#(difference.from),"to":\#(difference.to),"summary":\#(difference.summary.text)"# : "]"
        list += 1
        index = 0
        isFirst = true
        piece += list < Self.lists.count ? #","\#(Self.lists[list].name)":["# : "}"
        return Array(piece.utf8)
    }
}

extension Difference {
    /// Kind, id, and what people call it, then the document, or the patch that makes the new one of the old one.
    fileprivate var json: JSONValue {
        var object: JSONObject = ["kind": .string(resource.kind.name), "id": .string(resource.id.lowercased)]
        if let name { object["name"] = .string(name) }
        if let before, let after {
            object["patch"] = JSONPatch(from: before.json, to: after.json).json
            let changed = changedSecrets
            if !changed.isEmpty { object["secrets"] = .array(changed.map { .string($0) }) }
        } else {
            object["document"] = (after ?? before)?.json
        }
        return .object(object)
    }
}

extension ResourceVersion {
    /// The version as clients get it.
    package var json: JSONValue {
        var object: JSONObject = ["version": .number(JSONNumber(Int(sequence)))]
        if let time { object["at"] = .string(time.millisecondText) }
        if let author { object["by"] = .string(author) }
        if let reason { object["reason"] = .string(reason) }
        object["op"] = isDeletion ? "delete" : "put"
        object["patch"] = patch.json
        if !changedSecrets.isEmpty { object["secrets"] = .array(changedSecrets.map { .string($0) }) }
        if !takenKeys.isEmpty {
            object["taken"] = .array(
                takenKeys.map { key, taker in
                    [
                        "key": .string(key.name), "value": .string(key.value), "by": .string(taker.id.lowercased),
                    ]
                }
            )
        }
        return .object(object)
    }
}
