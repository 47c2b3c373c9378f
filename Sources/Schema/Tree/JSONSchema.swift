/// A JSON Schema, draft 2020-12, as a tree.
///
/// A property is nil where the schema does not have the keyword of its name. Sections in the comments are those of the
/// draft's "Validation" document unless "core" is said.
package struct JSONSchema: Sendable {
    /// What a schema that is just `true` or `false` says; such a schema has no keywords. Core, 4.3.2.
    package var boolean: Bool?

    // Identity and references. Core, 8.

    /// `$schema`, the dialect.
    package var schema: String?
    /// `$id`, the URI of the schema, which makes it a resource of its own.
    package var id: String?
    /// `$anchor`, a name for the schema within its resource.
    package var anchor: String?
    /// `$ref`, a reference to a schema that applies as well.
    package var ref: String?
    /// `$comment`, a remark to maintainers.
    package var comment: String?
    /// `$defs`, schemas to refer to.
    package var defs: JSONMap<JSONSchema>?

    // Annotations. 9.

    /// `title`, a short name.
    package var title: String?
    /// `description`, what the value is for.
    package var description: String?
    /// `default`, what stands for an absent value.
    package var `default`: JSONValue?
    /// `examples`, sample values.
    package var examples: [JSONValue]?
    /// `deprecated`, whether the value should no longer be used.
    package var deprecated: Bool?
    /// `readOnly`, whether the server alone sets the value.
    package var readOnly: Bool?
    /// `writeOnly`, whether the value never comes back, as with passwords.
    package var writeOnly: Bool?

    // Any type. 6.1.

    /// `type`, the types that are allowed.
    package var types: [JSONType]?
    /// `enum`, the values that are allowed.
    package var `enum`: [JSONValue]?
    /// `const`, the one value that is allowed.
    package var const: JSONValue?

    // Strings. 6.3 and 7.

    /// `minLength`, in code points.
    package var minLength: Int?
    /// `maxLength`, in code points.
    package var maxLength: Int?
    /// `pattern`, a regular expression (ECMA-262) that matches somewhere in the string.
    package var pattern: String?
    /// `format`, the name of a known form of strings.
    package var format: String?
    /// `contentEncoding`, how the string encodes bytes.
    package var contentEncoding: String?
    /// `contentMediaType`, what the string or its bytes hold.
    package var contentMediaType: String?

    // Numbers. 6.2.

    /// `multipleOf`, above 0.
    package var multipleOf: JSONNumber?
    /// `minimum`, inclusive.
    package var minimum: JSONNumber?
    /// `maximum`, inclusive.
    package var maximum: JSONNumber?
    /// `exclusiveMinimum`.
    package var exclusiveMinimum: JSONNumber?
    /// `exclusiveMaximum`.
    package var exclusiveMaximum: JSONNumber?

    // Arrays. 6.4 and core, 10.3.1 and 11.2.

    /// `prefixItems`, the schemas of the first elements.
    package var prefixItems: [JSONSchema]?
    /// `items`, the schema of the elements after those of `prefixItems`.
    @Boxed package var items: JSONSchema?
    /// `unevaluatedItems`, the schema of the elements that no schema for the same array has said anything about.
    @Boxed package var unevaluatedItems: JSONSchema?
    /// `contains`, a schema of which some elements are examples.
    @Boxed package var contains: JSONSchema?
    /// `minContains`, how many elements `contains` must hold for.
    package var minContains: Int?
    /// `maxContains`, how many elements `contains` may hold for.
    package var maxContains: Int?
    /// `minItems`, the smallest number of elements.
    package var minItems: Int?
    /// `maxItems`, the largest number of elements.
    package var maxItems: Int?
    /// `uniqueItems`, whether no two elements may be equal.
    package var uniqueItems: Bool?

    // Objects. 6.5 and core, 10.3.2 and 11.3.

    /// `properties`, the schemas of members by name.
    package var properties: JSONMap<JSONSchema>?
    /// `patternProperties`, the schemas of members whose names match a regular expression.
    package var patternProperties: JSONMap<JSONSchema>?
    /// `additionalProperties`, the schema of the other members.
    @Boxed package var additionalProperties: JSONSchema?
    /// `unevaluatedProperties`, the schema of the members that no schema for the same object has said anything about.
    @Boxed package var unevaluatedProperties: JSONSchema?
    /// `propertyNames`, the schema of the names themselves.
    @Boxed package var propertyNames: JSONSchema?
    /// `required`, the names of members that must be there.
    package var required: [String]?
    /// `dependentRequired`, the names of members that must be there when a given one is.
    package var dependentRequired: JSONMap<[String]>?
    /// `dependentSchemas`, schemas that the object is held to when it has a given member.
    package var dependentSchemas: JSONMap<JSONSchema>?
    /// `minProperties`, the smallest number of members.
    package var minProperties: Int?
    /// `maxProperties`, the largest number of members.
    package var maxProperties: Int?

    // Combinations. Core, 10.2.

    /// `allOf`, schemas that must all hold.
    package var allOf: [JSONSchema]?
    /// `anyOf`, schemas of which one must hold.
    package var anyOf: [JSONSchema]?
    /// `oneOf`, schemas of which exactly one must hold.
    package var oneOf: [JSONSchema]?
    /// `not`, a schema that must not hold.
    @Boxed package var not: JSONSchema?
    /// `if`, a schema that decides whether `then` or `else` applies.
    @Boxed package var `if`: JSONSchema?
    /// `then`, which must hold where `if` does.
    @Boxed package var then: JSONSchema?
    /// `else`, which must hold where `if` does not.
    @Boxed package var `else`: JSONSchema?

    /// Keywords that are not in this list, which say something to others.
    package var annotations = JSONObject()

    /// What a type holds its strings to beyond JSON Schema: nil for a good string, else what is wrong with it.
    ///
    /// The check is not part of the written schema, and must refuse what lengths, `pattern` and `format` refuse: a validator that
    /// has it asks nothing else, and these are for validators elsewhere.
    package var check: (@Sendable (String) -> String?)?

    /// Creates a schema of the keywords that value types need; others are set afterwards.
    package init(
        ref: String? = nil,
        title: String? = nil,
        description: String? = nil,
        type: JSONType? = nil,
        enum: [JSONValue]? = nil,
        minLength: Int? = nil,
        maxLength: Int? = nil,
        pattern: String? = nil,
        format: StringFormat? = nil,
        check: (@Sendable (String) -> String?)? = nil
    ) {
        self.ref = ref
        self.title = title
        self.description = description
        self.types = type.map { [$0] }
        self.enum = `enum`
        self.minLength = minLength
        self.maxLength = maxLength
        self.pattern = pattern
        self.format = format?.rawValue
        self.check = check
    }
}

extension JSONSchema: ExpressibleByBooleanLiteral {
    /// The schema of all values or of none.
    package init(booleanLiteral value: Bool) {
        boolean = value
    }
}

/// Lets a structure have a property of its own type.
@propertyWrapper
package struct Boxed<Value: Sendable>: Sendable {
    private final class Box: Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    private var box: Box?

    package init(wrappedValue: Value?) {
        box = wrappedValue.map(Box.init)
    }

    package var wrappedValue: Value? {
        get { box?.value }
        set { box = newValue.map(Box.init) }
    }
}
