import Foundation

/// Turns schemas into nodes: resolves references and refuses what the validator does not support.
struct SchemaCompiler {
    private let formats: FormatAssertion
    private let documents: [String: JSONSchema]
    private(set) var nodes: [SchemaNode] = []
    /// Positions by URI with a fragment, which is a JSON pointer or an anchor.
    private var positions: [String: Int] = [:]
    private var knownDocuments: Set<String> = []
    private var pendingReferences: [Reference] = []

    private struct Reference {
        let from: Int
        let base: URIReference
        let text: String
        let pointer: JSONPointer
    }

    /// A place in a schema: a pointer from each of the resources that it is in, the innermost last.
    private struct Place {
        var resources: [(uri: URIReference, pointer: JSONPointer)]

        /// The place in the document.
        var pointer: JSONPointer { resources.first?.pointer ?? JSONPointer() }

        func appending(_ tokens: String...) -> Place {
            Place(
                resources: resources.map { resource in
                    (resource.uri, tokens.reduce(resource.pointer) { $0.appending($1) })
                }
            )
        }
    }

    /// The keywords of draft 2020-12 that are refused, as a validator must refuse what it does not understand.
    static let unsupportedKeywords = ["$dynamicRef", "$dynamicAnchor", "$vocabulary"]

    /// The only `$schema`.
    private static let dialect = "https://json-schema.org/draft/2020-12/schema"

    /// Compiles a schema, which becomes the first node, and everything that it refers to.
    init(
        _ schema: JSONSchema,
        formats: FormatAssertion,
        documents: [String: JSONSchema]
    ) throws(JSONSchemaError) {
        self.formats = formats
        self.documents = documents
        _ = try add(schema, at: Place(resources: [(URIReference(""), JSONPointer())]))
        while let reference = pendingReferences.popLast() {
            let target = try resolve(reference)
            nodes[reference.from].combination?.reference = target
        }
        try spreadSecrecy()
    }

    // MARK: - References

    private mutating func resolve(_ reference: Reference) throws(JSONSchemaError) -> Int {
        let target = URIReference(reference.text).resolved(against: reference.base)
        let uri = target.withoutFragment
        if positions["\(uri)#"] == nil, let document = documents[uri], knownDocuments.insert(uri).inserted {
            _ = try add(document, at: Place(resources: [(target, JSONPointer())]))
        }
        let fragment = String(target.fragment ?? "").removingPercentEncoding
        guard let fragment, let position = positions["\(uri)#\(fragment)"] else {
            throw JSONSchemaError(
                pointer: reference.pointer,
                message: "the reference \(reference.text.quoted) leads nowhere"
            )
        }
        return position
    }

    // MARK: - Schemas

    private mutating func add(_ schema: JSONSchema, at outerPlace: Place) throws(JSONSchemaError) -> Int {
        var place = outerPlace
        if let id = schema.id, let base = place.resources.last?.uri {
            place.resources.append((URIReference(id).resolved(against: base), JSONPointer()))
        }
        let position = nodes.count
        nodes.append(SchemaNode())
        for resource in place.resources {
            positions["\(resource.uri.withoutFragment)#\(resource.pointer)"] = position
        }
        if let anchor = schema.anchor, let base = place.resources.last?.uri {
            positions["\(base.withoutFragment)#\(anchor)"] = position
        }
        try refuseUnsupported(schema, at: place)
        nodes[position] = try node(of: schema, at: place, position: position)
        return position
    }

    private func refuseUnsupported(_ schema: JSONSchema, at place: Place) throws(JSONSchemaError) {
        for keyword in Self.unsupportedKeywords where schema.annotations[keyword] != nil {
            throw JSONSchemaError(
                pointer: place.appending(keyword).pointer,
                message: "\(keyword) is not supported"
            )
        }
        if let dialect = schema.schema, dialect != Self.dialect {
            throw JSONSchemaError(
                pointer: place.appending("$schema").pointer,
                message: "the only dialect that is supported is \(Self.dialect), without a $vocabulary of another"
            )
        }
    }

    private mutating func node(
        of schema: JSONSchema,
        at place: Place,
        position: Int
    ) throws(JSONSchemaError) -> SchemaNode {
        var node = SchemaNode()
        node.isNever = schema.boolean == false
        node.types = schema.types.map(JSONTypeSet.init)
        if let value = schema.const {
            node.values.append(AllowedValues(keyword: "const", values: [value]))
        }
        if let values = schema.enum {
            node.values.append(AllowedValues(keyword: "enum", values: values))
        }
        node.string = try StringRules(schema, formats: formats, at: place.pointer)
        node.number = try NumberRules(schema, at: place.pointer)
        node.array = ArrayRules(
            schema,
            prefix: try add(schema.prefixItems, "prefixItems", at: place),
            items: try add(schema.items, "items", at: place),
            contains: try add(schema.contains, "contains", at: place)
        )
        node.object = try objectRules(of: schema, at: place)
        node.combination = try combination(of: schema, at: place, position: position)
        node.unevaluated = UnevaluatedRules(
            items: try add(schema.unevaluatedItems, "unevaluatedItems", at: place),
            properties: try add(schema.unevaluatedProperties, "unevaluatedProperties", at: place)
        )
        node.isSecret = schema.writeOnly == true
        _ = try add(schema.defs, "$defs", at: place)
        return node
    }

    private mutating func objectRules(
        of schema: JSONSchema,
        at place: Place
    ) throws(JSONSchemaError) -> ObjectRules? {
        var patterns: [(pattern: SchemaPattern, node: Int)] = []
        for (source, node) in try add(schema.patternProperties, "patternProperties", at: place) {
            let pointer = place.appending("patternProperties", source).pointer
            patterns.append((try SchemaPattern(source, at: pointer), node))
        }
        return ObjectRules(
            schema,
            properties: try add(schema.properties, "properties", at: place),
            patterns: patterns,
            additional: try add(schema.additionalProperties, "additionalProperties", at: place),
            names: try add(schema.propertyNames, "propertyNames", at: place),
            dependentSchemas: try add(schema.dependentSchemas, "dependentSchemas", at: place)
                .map(ObjectRules.Dependency.init)
        )
    }

    private mutating func combination(
        of schema: JSONSchema,
        at place: Place,
        position: Int
    ) throws(JSONSchemaError) -> CombinationRules? {
        var rules = CombinationRules()
        rules.allOf = try add(schema.allOf, "allOf", at: place)
        rules.anyOf = try add(schema.anyOf, "anyOf", at: place)
        rules.oneOf = try add(schema.oneOf, "oneOf", at: place)
        rules.not = try add(schema.not, "not", at: place)
        rules.condition = try add(schema.if, "if", at: place)
        rules.then = try add(schema.then, "then", at: place)
        rules.otherwise = try add(schema.else, "else", at: place)
        if let text = schema.ref, let base = place.resources.last?.uri {
            let pointer = place.appending("$ref").pointer
            pendingReferences.append(Reference(from: position, base: base, text: text, pointer: pointer))
        } else if rules.all.isEmpty {
            return nil
        }
        return rules
    }

    private mutating func add(
        _ schema: JSONSchema?,
        _ keyword: String,
        at place: Place
    ) throws(JSONSchemaError) -> Int? {
        guard let schema else { return nil }
        return try add(schema, at: place.appending(keyword))
    }

    private mutating func add(
        _ schemas: [JSONSchema]?,
        _ keyword: String,
        at place: Place
    ) throws(JSONSchemaError) -> [Int] {
        var result: [Int] = []
        for (index, schema) in (schemas ?? []).enumerated() {
            result.append(try add(schema, at: place.appending(keyword, String(index))))
        }
        return result
    }

    private mutating func add(
        _ schemas: JSONMap<JSONSchema>?,
        _ keyword: String,
        at place: Place
    ) throws(JSONSchemaError) -> [(name: String, node: Int)] {
        var result: [(name: String, node: Int)] = []
        for member in schemas ?? [:] {
            result.append((member.key, try add(member.value, at: place.appending(keyword, member.key))))
        }
        return result
    }

    // MARK: - What is applied to the same value

    /// Makes each node secret that applies a secret one to the same value.
    ///
    /// - Throws: an error when a schema applies itself to the same value, which would never end.
    private mutating func spreadSecrecy() throws(JSONSchemaError) {
        var isDone = Array(repeating: false, count: nodes.count)
        var isOpen = isDone
        for position in nodes.indices {
            try spreadSecrecy(at: position, isDone: &isDone, isOpen: &isOpen)
        }
    }

    private mutating func spreadSecrecy(
        at position: Int,
        isDone: inout [Bool],
        isOpen: inout [Bool]
    ) throws(JSONSchemaError) {
        guard !isDone[position] else { return }
        guard !isOpen[position] else {
            throw JSONSchemaError(pointer: JSONPointer(), message: "a schema refers to itself for the same value")
        }
        isOpen[position] = true
        for inner in nodes[position].inPlace {
            try spreadSecrecy(at: inner, isDone: &isDone, isOpen: &isOpen)
            nodes[position].isSecret = nodes[position].isSecret || nodes[inner].isSecret
        }
        isDone[position] = true
    }
}
