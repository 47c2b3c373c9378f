/// A structure that is a JSON object; `@JSONSchema` writes the conformance.
package protocol JSONStructure: JSONRepresentable {
    /// The name under which schemas refer to the structure.
    static var jsonName: String { get }

    /// The structure's documentation comment.
    static var documentation: String? { get }

    /// The properties, in declared order.
    static var fields: [JSONField] { get }

    /// Calls a function with each value that must be unique and the name of the key that it belongs to.
    ///
    /// The value is the JSON string in normal form; absent values and values that are not strings are left out.
    func forEachUniqueKey(_ body: (_ name: String, _ value: String) -> Void)
}

extension JSONStructure {
    package static func jsonSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        definitions.reference(to: jsonName) { definitions in
            objectSchema(in: &definitions)
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

    /// Calls a function with the value of a unique key, when there is one and it is a string.
    package static func withUniqueKey(
        _ name: String,
        of value: (some JSONRepresentable)?,
        _ body: (_ name: String, _ value: String) -> Void
    ) {
        if case .string(let text)? = value?.json { body(name, text) }
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
