package import Foundation
package import Schema

/// A named set of nodes: a partition, a tenant's nodes, a job's, or any other.
@JSONSchema
package struct NodeCollection: Equatable {
    /// Identifier, given by the server unless the client brings one.
    package var id: UUID?
    /// Name, unique among collections.
    @Field(.unique)
    package var name: Name
    /// What the collection is for.
    package var type: NodeCollectionType
    /// Locations of the members, each once, which need not be stored as nodes yet.
    package var nodes: DistinctList<NodeXName>
    /// What the collection is, in words.
    package var description: String?
    /// Subject of the token that created the collection. Set by the server.
    @Field(.readOnly)
    package var creatorSubject: String?
    /// Data for cloud-init.
    package var cloudInitData: StringMap?
    /// What a site wants to say of the collection beside, by keys of its own.
    package var labels: StringMap?
}

extension NodeCollection: Resource {
    package static var commonNameKeys: [String] { ["name"] }
    package static var otherFieldNames: [String: String] { ["node": "nodes"] }
    package static var creatorKey: String? { "creator_subject" }
    package static var reservesKeys: Bool { true }

    /// The members of a partition or of a tenant, so that no other one can have them.
    package var reservedKeys: [UniqueKey] {
        guard type.isExclusive else { return [] }
        return nodes.elements.map { UniqueKey(name: type.rawValue, value: $0.description) }
    }

    package static func reservation(of key: UniqueKey, by holder: String) -> String? {
        key.name == "name" ? nil : "The node \(key.value) is already in the \(key.name) \(holder)."
    }
}

/// What a collection of nodes is for.
package enum NodeCollectionType: String, JSONEnumeration {
    case adHoc = "ad-hoc"
    case tenant
    case job
    case partition

    package static var documentation: String? {
        "What the collection is for. A node is in at most one partition and at most one tenant."
    }

    /// Whether a node can be in only one collection of this type.
    package var isExclusive: Bool { self == .tenant || self == .partition }
}
