package import Inventory
import Schema

extension Kind {
    /// What a version of the program can read: the kinds, and the paths of their fields, such as `ComputeNode.bmc.mac_address`.
    package static let allPaths = allCases.flatMap { [$0.name] + $0.resourceType.paths(at: $0.name) }

    /// Those of some paths that a stored document has.
    ///
    /// - Throws: ``JSONParseError``.
    package func paths(in document: [UInt8], of wanted: Set<String>) throws -> Set<String> {
        var found: Set<String> = [name]
        try JSONValue(parsing: document).addPaths(at: name, to: &found)
        return found.intersection(wanted)
    }
}

extension JSONStructure {
    /// The paths of the fields, and of theirs.
    fileprivate static func paths(at path: String) -> [String] {
        fields.flatMap { field in
            let inner = "\(path).\(field.name)"
            let structure = (field.type.elementType ?? field.type) as? any JSONStructure.Type
            return [inner] + (structure?.paths(at: inner) ?? [])
        }
    }
}

extension JSONValue {
    /// Adds the paths of the members, and of theirs; elements of lists have the path of the list.
    fileprivate func addPaths(at path: String, to found: inout Set<String>) {
        switch self {
        case .object(let members):
            for member in members {
                let inner = "\(path).\(member.key)"
                found.insert(inner)
                member.value.addPaths(at: inner, to: &found)
            }
        case .array(let elements): for element in elements { element.addPaths(at: path, to: &found) }
        default: break
        }
    }
}
