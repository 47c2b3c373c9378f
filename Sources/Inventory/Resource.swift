package import Schema

/// A structure that the inventory stores under an identifier of its own.
package protocol Resource: JSONStructure, Equatable {
    /// The kind that this structure defines.
    static var kind: Kind { get }
}

extension ComputeNode: Resource {
    package static var kind: Kind { .computeNode }
}

extension BMC: Resource {
    package static var kind: Kind { .bmc }
}

extension NodeCollection: Resource {
    package static var kind: Kind { .nodeCollection }

    /// The members of a partition or of a tenant, so that no other one can have them: keys beside the declared ones.
    var reservedKeys: [UniqueKey] {
        guard type.isExclusive else { return [] }
        return Set(nodes).map { UniqueKey(name: type.rawValue, value: $0.description) }
    }
}

extension Component: Resource {
    package static var kind: Kind { .component }
}
