package import Schema

/// The JSON Schemas of the inventory, as clients and the server use them.
package enum InventorySchemas {
    /// The address that the schemas' `$id`s start with.
    static let base = "https://github.com/OpenCHAMI/node-orchestrator/schemas"

    /// Every schema that is published, by its name, in the order of the documentation.
    package static let all: [(name: String, schema: JSONSchema)] = {
        let types: [any JSONStructure.Type] = [
            ComputeNode.self, NetworkInterface.self, BMC.self, Component.self, NodeCollection.self,
        ]
        return types.map { ($0.jsonName, $0.schemaDocument(base: base)) }
    }()
}

extension Kind {
    /// The schema that documents of this kind are held to.
    package var schema: JSONSchema {
        resourceType.schemaDocument(base: InventorySchemas.base)
    }
}
