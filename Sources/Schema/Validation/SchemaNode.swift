/// One compiled schema. Schemas within it are given by their position in the list of all nodes; what the schema does
/// not ask for is nil.
struct SchemaNode: Sendable {
    /// Whether no value is allowed.
    var isNever = false
    var types: JSONTypeSet?
    var values: [AllowedValues] = []
    var string: StringRules?
    var number: NumberRules?
    var array: ArrayRules?
    var object: ObjectRules?
    var combination: CombinationRules?
    /// The schema of elements and members that none of the schemas for the same value says anything about.
    var unevaluated: UnevaluatedRules?
    /// Whether messages must not show the value.
    var isSecret = false

    /// The schemas that are applied to the same value.
    var inPlace: [Int] {
        (combination?.all ?? []) + (object?.dependentSchemas.map(\.node) ?? [])
    }
}

/// `type`.
struct JSONTypeSet: OptionSet, Sendable {
    let rawValue: UInt8

    /// The union of types.
    init(_ types: [JSONType]) {
        rawValue = types.reduce(0) { $0 | JSONTypeSet($1).rawValue }
    }

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    init(_ type: JSONType) {
        rawValue =
            switch type {
            case .null: 1
            case .boolean: 2
            case .integer: 4
            case .number: 12
            case .string: 16
            case .array: 32
            case .object: 64
            }
    }

    func contains(typeOf value: JSONValue) -> Bool {
        if case .number(let number) = value {
            return contains(JSONTypeSet(.number)) || (contains(JSONTypeSet(.integer)) && number.isIntegral)
        }
        return contains(JSONTypeSet(value.type))
    }
}

/// `enum` or `const`.
struct AllowedValues: Sendable {
    let keyword: String
    let values: [JSONValue]
}

/// A smallest and a largest number of things.
struct CountLimits: Sendable {
    let minimum: Int
    let maximum: Int

    init?(_ minimum: Int?, _ maximum: Int?) {
        guard minimum != nil || maximum != nil else { return nil }
        self.minimum = minimum ?? 0
        self.maximum = maximum ?? .max
    }
}

/// What strings are held to.
final class StringRules: Sendable {
    /// In code points.
    let length: CountLimits?
    let pattern: SchemaPattern?
    let format: StringFormat?
    let check: (@Sendable (String) -> String?)?

    init?(_ schema: JSONSchema, formats: FormatAssertion, at pointer: JSONPointer) throws(JSONSchemaError) {
        length = CountLimits(schema.minLength, schema.maxLength)
        if let source = schema.pattern {
            pattern = try SchemaPattern(source, at: pointer.appending("pattern"))
        } else {
            pattern = nil
        }
        format = formats == .asserted ? schema.format.flatMap(StringFormat.init(rawValue:)) : nil
        check = schema.check
        if length == nil, pattern == nil, format == nil, check == nil { return nil }
    }
}

/// What numbers are held to.
final class NumberRules: Sendable {
    let minimum: JSONNumber?
    let maximum: JSONNumber?
    let exclusiveMinimum: JSONNumber?
    let exclusiveMaximum: JSONNumber?
    let divisor: Divisor?

    init?(_ schema: JSONSchema, at pointer: JSONPointer) throws(JSONSchemaError) {
        minimum = schema.minimum
        maximum = schema.maximum
        exclusiveMinimum = schema.exclusiveMinimum
        exclusiveMaximum = schema.exclusiveMaximum
        if let number = schema.multipleOf {
            divisor = try Divisor(number, at: pointer.appending("multipleOf"))
        } else {
            divisor = nil
        }
        if minimum == nil, maximum == nil, exclusiveMinimum == nil, exclusiveMaximum == nil, divisor == nil {
            return nil
        }
    }

    /// `multipleOf`, as an integer times a power of ten.
    struct Divisor: Sendable {
        let number: JSONNumber
        let digits: UInt64
        let exponent: Int

        init(_ number: JSONNumber, at pointer: JSONPointer) throws(JSONSchemaError) {
            let decimal = number.decimal
            guard !decimal.isNegative, (1...18).contains(decimal.digits.count) else {
                throw JSONSchemaError(pointer: pointer, message: "must be above 0 and have at most 18 digits")
            }
            self.number = number
            digits = decimal.digits.reduce(0) { $0 * 10 + UInt64($1) }
            exponent = decimal.exponent
        }
    }
}

/// What arrays are held to.
final class ArrayRules: Sendable {
    let count: CountLimits?
    let isUnique: Bool
    let prefix: [Int]
    let items: Int?
    let contains: Int?
    let containedCount: CountLimits?

    init?(_ schema: JSONSchema, prefix: [Int], items: Int?, contains: Int?) {
        count = CountLimits(schema.minItems, schema.maxItems)
        isUnique = schema.uniqueItems == true
        self.prefix = prefix
        self.items = items
        self.contains = contains
        containedCount = CountLimits(schema.minContains ?? 1, schema.maxContains)
        if count == nil, !isUnique, prefix.isEmpty, items == nil, contains == nil { return nil }
    }
}

/// What objects are held to.
final class ObjectRules: Sendable {
    struct Property: Sendable {
        var node: Int?
        var isRequired = false
    }

    struct Dependency: Sendable {
        let name: String
        let node: Int
    }

    let count: CountLimits?
    /// The members that the schema names in `properties` or `required`.
    let properties: [Name: Property]
    let required: [String]
    let patterns: [(pattern: SchemaPattern, node: Int)]
    let additional: Int?
    let names: Int?
    let dependentRequired: JSONMap<[String]>
    let dependentSchemas: [Dependency]
    /// The names in `properties`, for suggestions.
    let knownNames: [String]

    init?(
        _ schema: JSONSchema,
        properties nodes: [(name: String, node: Int)],
        patterns: [(pattern: SchemaPattern, node: Int)],
        additional: Int?,
        names: Int?,
        dependentSchemas: [Dependency]
    ) {
        count = CountLimits(schema.minProperties, schema.maxProperties)
        knownNames = nodes.map(\.name)
        var properties: [Name: Property] = [:]
        for (name, node) in nodes { properties[Name(text: name), default: Property()].node = node }
        for name in schema.required ?? [] { properties[Name(text: name), default: Property()].isRequired = true }
        self.properties = properties
        var seen: Set<Name> = []
        required = (schema.required ?? []).filter { seen.insert(Name(text: $0)).inserted }
        self.patterns = patterns
        self.additional = additional
        self.names = names
        dependentRequired = schema.dependentRequired ?? [:]
        self.dependentSchemas = dependentSchemas
        if count == nil, properties.isEmpty, patterns.isEmpty, additional == nil, names == nil,
            dependentRequired.isEmpty, dependentSchemas.isEmpty
        {
            return nil
        }
    }
}

/// `unevaluatedItems` and `unevaluatedProperties`.
struct UnevaluatedRules: Sendable {
    let items: Int?
    let properties: Int?

    init?(items: Int?, properties: Int?) {
        if items == nil, properties == nil { return nil }
        self.items = items
        self.properties = properties
    }
}

/// Other schemas that the same value is held to.
struct CombinationRules: Sendable {
    /// The schema that `$ref` refers to.
    var reference: Int?
    var allOf: [Int] = []
    var anyOf: [Int] = []
    var oneOf: [Int] = []
    var not: Int?
    var condition: Int?
    var then: Int?
    var otherwise: Int?

    /// All of them.
    var all: [Int] {
        allOf + anyOf + oneOf + [reference, not, condition, then, otherwise].compactMap(\.self)
    }
}
