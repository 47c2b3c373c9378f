package import Schema

/// The JSON Schemas of the inventory, as clients and the server use them.
package enum InventorySchemas {
    /// The address that the schemas' `$id`s start with.
    static let base = "https://github.com/OpenCHAMI/node-orchestrator/schemas"

    /// Every schema that is published, by its name: those of the kinds, each with those of its parts.
    package static let all: [(name: String, schema: JSONSchema)] = Kind.allCases
        .flatMap { kind in [kind.resourceType as any JSONStructure.Type] + kind.resourceType.parts }
        .map { ($0.jsonName, $0.schemaDocument(base: base)) }
}

extension Kind {
    /// The schema that documents of this kind are held to.
    package var schema: JSONSchema {
        resourceType.schemaDocument(base: InventorySchemas.base)
    }
}
