package import Foundation
import Schema

/// A kind of resources that the inventory stores, as ``registry`` lists it.
package struct Kind: Hashable, Sendable, CaseIterable, CustomStringConvertible {
    private let place: UInt8

    private init(place: Int) { self.place = UInt8(place) }

    /// The number that indices of the journal have for the kind.
    package var number: Int { Int(place) }

    /// Every kind, by its number.
    package static let allCases = registry.enumerated().map { place, entry in
        precondition(entry.key == place, "the kinds are numbered from 0")
        return Kind(place: place)
    }

    private static let types = registry.map(\.value)
    private static let identifiers = types.map { ObjectIdentifier($0) }

    /// The structure that defines the kind.
    package var resourceType: any Resource.Type { Self.types[number] }

    /// The kind that a structure defines.
    init<Definition: Resource>(of type: Definition.Type) {
        guard let place = Self.identifiers.firstIndex(of: ObjectIdentifier(type)) else {
            preconditionFailure("\(type) is a kind that is not registered")
        }
        self.init(place: place)
    }

    /// The kind of a number.
    package init?(number: Int) {
        guard Self.allCases.indices.contains(number) else { return nil }
        self = Self.allCases[number]
    }

    // MARK: Names

    /// The name in paths, files and tables.
    package var name: String { Self.names[number] }

    package var description: String { name }

    private static let names = types.map { type in type.jsonName }

    /// The kinds by the names that clients use.
    package static let clientNames: [(name: String, kind: Kind)] = allCases.flatMap { kind in
        ([kind.name] + kind.resourceType.otherNames).map { ($0, kind) }
    }

    /// The kind with a name.
    package init?(name: String) {
        guard let place = Self.names.firstIndex(of: name) else { return nil }
        self.init(place: place)
    }

    /// The kind that a client names.
    package init?(clientName name: String) {
        guard let kind = Self.clientNames.first(where: { $0.name == name })?.kind else { return nil }
        self = kind
    }

    /// The JSON key of the identifier.
    package var identifierKey: String { resourceType.identifierKey }
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
