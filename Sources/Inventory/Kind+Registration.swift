/// The kinds that there are: a new one is a case of ``Kind``, a number, and a line here.
extension Kind {
    /// The struct that defines the kind.
    package var resourceType: any Resource.Type {
        switch self {
        case .computeNode: ComputeNode.self
        case .bmc: BMC.self
        case .nodeCollection: NodeCollection.self
        case .component: Component.self
        }
    }

    /// The JSON key of the identifier.
    package var identifierKey: String { resourceType.identifierKey }

    /// The kinds by the names that clients use.
    package static let names: [(name: String, kind: Kind)] = allCases.flatMap { kind in
        ([kind.rawValue] + kind.resourceType.otherNames).map { ($0, kind) }
    }

    /// The kind that a client names.
    package init?(name: String) {
        guard let kind = Self.names.first(where: { $0.name == name })?.kind else { return nil }
        self = kind
    }
}
