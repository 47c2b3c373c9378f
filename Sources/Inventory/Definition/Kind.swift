package import Foundation

/// The kinds of resources that the inventory stores; the raw value is the name in paths, files and tables.
package enum Kind: String, CaseIterable, Sendable, Codable {
    case computeNode = "ComputeNode"
    case bmc = "BMC"
    case nodeCollection = "NodeCollection"
    case component = "Component"

    /// By the number: Swift would hash the names of an enumeration that has them as raw values.
    package func hash(into hasher: inout Hasher) { hasher.combine(number) }

    /// The place among all kinds, which indices of the journal have for it: what is on disk keeps its number, and a new
    /// kind gets the next one.
    package var number: Int {
        switch self {
        case .computeNode: 0
        case .bmc: 1
        case .nodeCollection: 2
        case .component: 3
        }
    }

    /// The kind of a number.
    package init?(number: Int) {
        guard let kind = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = kind
    }
}

/// The address of a resource.
package struct ResourceID: Hashable, Sendable {
    package var kind: Kind
    package var id: UUID

    package init(_ kind: Kind, _ id: UUID) {
        self.kind = kind
        self.id = id
    }
}
