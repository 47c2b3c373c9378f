import Inventory
package import Schema
package import Store

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

    /// The difference as clients get it.
    package var json: JSONValue {
        func list(_ isListed: (Difference) -> Bool) -> JSONValue {
            .array(resources.filter(isListed).map(\.json))
        }
        return [
            "from": .number(JSONNumber(Int(from))), "to": .number(JSONNumber(Int(to))), "summary": summary,
            "added": list { $0.before == nil }, "removed": list { $0.after == nil },
            "changed": list { $0.before != nil && $0.after != nil },
        ]
    }
}

extension Difference {
    /// Kind, id, and what people call it, then the document, or the patch that makes the new one of the old one.
    fileprivate var json: JSONValue {
        var object: JSONObject = ["kind": .string(resource.kind.rawValue), "id": .string(resource.id.lowercased)]
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
    var json: JSONValue {
        var object: JSONObject = ["version": .number(JSONNumber(Int(sequence)))]
        if let time { object["at"] = .string(time.millisecondText) }
        if let author { object["by"] = .string(author) }
        if let reason { object["reason"] = .string(reason) }
        object["op"] = isDeletion ? "delete" : "put"
        object["patch"] = patch.json
        if !changedSecrets.isEmpty { object["secrets"] = .array(changedSecrets.map { .string($0) }) }
        return .object(object)
    }
}
