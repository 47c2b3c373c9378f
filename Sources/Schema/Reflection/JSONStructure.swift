/// A structure that is a JSON object; `@JSONSchema` writes the conformance.
package protocol JSONStructure: JSONRepresentable {
    /// The name under which schemas refer to the structure.
    static var jsonName: String { get }

    /// The structure's documentation comment.
    static var documentation: String? { get }

    /// The properties, in declared order.
    static var fields: [JSONField] { get }
}

extension JSONStructure {
    package static var shape: JSONShape { .structure(Self.self) }

    package static func jsonSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        definitions.reference(to: jsonName) { definitions in
            objectSchema(in: &definitions)
        }
    }

    /// Whether any property, or one of its own, is a secret.
    package static var hasSecrets: Bool {
        fields.contains { field in
            let inner = field.type.elementType ?? field.type
            return field.isSecret || (inner as? any JSONStructure.Type)?.hasSecrets ?? false
        }
    }

    /// The schema of a part of the structure: the same without `required`, under the name `Partial…`.
    static func partialSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        definitions.reference(to: "Partial\(jsonName)") { definitions in
            var schema = objectSchema(in: &definitions)
            schema.required = nil
            return schema
        }
    }

    /// The schema as a document of its own, with all structures that it uses in `$defs`.
    ///
    /// - Parameter base: the URI of the folder that the document is in, without a slash at the end.
    package static func schemaDocument(base: String) -> JSONSchema {
        var definitions = SchemaDefinitions()
        var document = jsonSchema(in: &definitions)
        document.schema = "https://json-schema.org/draft/2020-12/schema"
        document.id = "\(base)/\(jsonName).json"
        document.defs = definitions.schemas
        return document
    }

    private static func objectSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        var schema = JSONSchema(description: documentation, type: .object)
        var properties = JSONMap<JSONSchema>()
        for field in fields {
            properties[field.name] = field.jsonSchema(in: &definitions)
        }
        schema.properties = properties
        schema.additionalProperties = false
        let required = fields.filter(\.isRequired).map(\.name)
        schema.required = required.isEmpty ? nil : required
        return schema
    }
}
