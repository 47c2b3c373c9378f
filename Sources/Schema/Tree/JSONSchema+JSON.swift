/// Why something is not a usable JSON Schema, and where in it.
package struct JSONSchemaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The place in the schema.
    package let pointer: JSONPointer
    /// What is wrong.
    package let message: String

    package var description: String { "schema, at \"\(pointer)\": \(message)" }
}

extension JSONSchema {
    /// Reads a schema from its JSON form.
    ///
    /// - Throws: an error for the first keyword whose value has not the form that draft 2020-12 asks for.
    package init(json: JSONValue) throws(JSONSchemaError) {
        try self.init(json: json, at: JSONPointer())
    }

    /// The JSON form, with keywords in the conventional order.
    package var json: JSONValue {
        if let boolean { return .bool(boolean) }
        var object = JSONObject()
        for keyword in Self.keywords {
            object[keyword.name] = keyword.read(self)
        }
        for annotation in annotations {
            object[annotation.key] = annotation.value
        }
        return .object(object)
    }
}

extension JSONSchema: SchemaKeywordValue {
    init(json: JSONValue, at pointer: JSONPointer) throws(JSONSchemaError) {
        self.init()
        switch json {
        case .bool(let value): boolean = value
        case .object(let object):
            for member in object {
                if let keyword = Self.keywordsByName[member.key] {
                    try keyword.write(&self, member.value, pointer.appending(member.key))
                } else {
                    annotations[member.key] = member.value
                }
            }
        default: throw JSONSchemaError(pointer: pointer, message: "a schema is an object or a truth value")
        }
    }
}

/// One keyword: how it is read from a schema and written to it.
struct SchemaKeyword: Sendable {
    let name: String
    let read: @Sendable (JSONSchema) -> JSONValue?
    let write: @Sendable (inout JSONSchema, JSONValue, JSONPointer) throws(JSONSchemaError) -> Void

    init<Value: SchemaKeywordValue>(_ name: String, _ path: any WritableKeyPath<JSONSchema, Value?> & Sendable) {
        self.name = name
        read = { $0[keyPath: path]?.json }
        write = { (schema, json, pointer) throws(JSONSchemaError) in
            schema[keyPath: path] = try Value(json: json, at: pointer)
        }
    }
}

extension JSONSchema {
    /// The keywords that the tree has, in the order in which they are written.
    static let keywords: [SchemaKeyword] = [
        SchemaKeyword("$schema", \.schema),
        SchemaKeyword("$id", \.id),
        SchemaKeyword("$anchor", \.anchor),
        SchemaKeyword("$ref", \.ref),
        SchemaKeyword("$comment", \.comment),
        SchemaKeyword("$defs", \.defs),
        SchemaKeyword("title", \.title),
        SchemaKeyword("description", \.description),
        SchemaKeyword("type", \.types),
        SchemaKeyword("enum", \.enum),
        SchemaKeyword("const", \.const),
        SchemaKeyword("minLength", \.minLength),
        SchemaKeyword("maxLength", \.maxLength),
        SchemaKeyword("pattern", \.pattern),
        SchemaKeyword("format", \.format),
        SchemaKeyword("contentEncoding", \.contentEncoding),
        SchemaKeyword("contentMediaType", \.contentMediaType),
        SchemaKeyword("multipleOf", \.multipleOf),
        SchemaKeyword("minimum", \.minimum),
        SchemaKeyword("maximum", \.maximum),
        SchemaKeyword("exclusiveMinimum", \.exclusiveMinimum),
        SchemaKeyword("exclusiveMaximum", \.exclusiveMaximum),
        SchemaKeyword("prefixItems", \.prefixItems),
        SchemaKeyword("items", \.items),
        SchemaKeyword("unevaluatedItems", \.unevaluatedItems),
        SchemaKeyword("contains", \.contains),
        SchemaKeyword("minContains", \.minContains),
        SchemaKeyword("maxContains", \.maxContains),
        SchemaKeyword("minItems", \.minItems),
        SchemaKeyword("maxItems", \.maxItems),
        SchemaKeyword("uniqueItems", \.uniqueItems),
        SchemaKeyword("properties", \.properties),
        SchemaKeyword("patternProperties", \.patternProperties),
        SchemaKeyword("additionalProperties", \.additionalProperties),
        SchemaKeyword("unevaluatedProperties", \.unevaluatedProperties),
        SchemaKeyword("propertyNames", \.propertyNames),
        SchemaKeyword("required", \.required),
        SchemaKeyword("dependentRequired", \.dependentRequired),
        SchemaKeyword("dependentSchemas", \.dependentSchemas),
        SchemaKeyword("minProperties", \.minProperties),
        SchemaKeyword("maxProperties", \.maxProperties),
        SchemaKeyword("allOf", \.allOf),
        SchemaKeyword("anyOf", \.anyOf),
        SchemaKeyword("oneOf", \.oneOf),
        SchemaKeyword("not", \.not),
        SchemaKeyword("if", \.if),
        SchemaKeyword("then", \.then),
        SchemaKeyword("else", \.else),
        SchemaKeyword("default", \.default),
        SchemaKeyword("examples", \.examples),
        SchemaKeyword("deprecated", \.deprecated),
        SchemaKeyword("readOnly", \.readOnly),
        SchemaKeyword("writeOnly", \.writeOnly),
    ]

    private static let keywordsByName = Dictionary(uniqueKeysWithValues: keywords.map { ($0.name, $0) })
}
