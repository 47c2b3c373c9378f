package import Foundation
package import Schema

/// A structure that the inventory stores under an identifier of its own.
package protocol Resource: JSONStructure, Equatable {
    /// The kind that this structure defines.
    static var kind: Kind { get }

    /// The identifier, which every stored resource has.
    var identifier: UUID? { get set }

    /// Keys that rules beside the declared ones reserve for this resource.
    var reservedKeys: [UniqueKey] { get }
}

extension Resource {
    package var reservedKeys: [UniqueKey] { [] }

    /// All keys that no other resource of the kind can have, without repetition.
    package var uniqueKeys: [UniqueKey] {
        var keys = reservedKeys
        forEachUniqueKey { name, value in keys.append(UniqueKey(name: name, value: value)) }
        return keys.withoutRepetition
    }
}

extension [UniqueKey] {
    /// The keys, each where it stands first.
    package var withoutRepetition: [UniqueKey] {
        guard count > 8 else { return indices.filter { self[..<$0].firstIndex(of: self[$0]) == nil }.map { self[$0] } }
        var seen: Set<UniqueKey> = []
        return filter { seen.insert($0).inserted }
    }
}

extension ComputeNode: Resource {
    package static var kind: Kind { .computeNode }
    package var identifier: UUID? {
        get { id }
        set { id = newValue }
    }
}

extension BMC: Resource {
    package static var kind: Kind { .bmc }
    package var identifier: UUID? {
        get { id }
        set { id = newValue }
    }
}

extension NodeCollection: Resource {
    package static var kind: Kind { .nodeCollection }
    package var identifier: UUID? {
        get { id }
        set { id = newValue }
    }

    /// The members of a partition or of a tenant, so that no other one can have them.
    package var reservedKeys: [UniqueKey] {
        guard type.isExclusive else { return [] }
        return Set(nodes).map { UniqueKey(name: type.rawValue, value: $0.description) }
    }
}

extension Component: Resource {
    package static var kind: Kind { .component }
    package var identifier: UUID? {
        get { uid }
        set { uid = newValue }
    }
}
