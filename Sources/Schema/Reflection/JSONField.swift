/// What a property of a structure says about itself beyond its type.
package enum FieldMark: Sendable {
    /// The schema requires the property though it is an Optional in Swift.
    case required
    /// The JSON key, where it is not the property's name in the structure's key style.
    case key(String)
    /// The strings have a known form.
    case format(StringFormat)
    /// The strings match a regular expression (ECMA-262).
    case pattern(String)
    /// No two resources may have the same value under the key of this name; without a name it is the JSON key.
    ///
    /// With `each` the property is an array and the values are those of that property of the elements.
    case uniqueKey(_ name: String?, each: (any AnyKeyPath & Sendable)?)
    /// Searches for a value are answered from memory.
    case indexed
    /// The value never comes back.
    case secret
    /// The server alone sets the value.
    case readOnly
    /// What stands for an absent value.
    case `default`(JSONValue)
    /// The structure is given in part: it is meant to change a stored one.
    case partial

    /// No two resources may have the same value; the key is named as in JSON.
    package static var unique: FieldMark { .uniqueKey(nil, each: nil) }

    /// No two resources may have the same value under the key of this name.
    ///
    /// - Parameters:
    ///   - name: the name of the key, which several properties may share.
    ///   - each: for an array, the property of the elements that has the values, with its root type.
    package static func unique(_ name: String, each: (any AnyKeyPath & Sendable)? = nil) -> FieldMark {
        .uniqueKey(name, each: each)
    }
}

/// A property of a structure as its JSON has it.
package struct JSONField: Sendable {
    /// The JSON key.
    package let name: String
    /// The property in Swift.
    package let path: any AnyKeyPath & Sendable
    /// The property's documentation comment.
    package let documentation: String?
    /// Whether the schema requires the property.
    package let isRequired: Bool
    /// What the property is marked with.
    package let marks: [FieldMark]
    /// The type; for an Optional the type that it wraps.
    package let type: any JSONRepresentable.Type

    /// Creates the description of a property.
    package init(
        name: String,
        path: any AnyKeyPath & Sendable,
        documentation: String?,
        isRequired: Bool,
        marks: [FieldMark],
        type: any JSONRepresentable.Type
    ) {
        self.name = name
        self.path = path
        self.documentation = documentation
        self.isRequired = isRequired
        self.marks = marks
        self.type = type
    }

    /// Whether not even a stored structure can be without the property, which is no Optional in Swift.
    var isIndispensable: Bool {
        let isMarked = marks.contains { if case .required = $0 { true } else { false } }
        return isRequired && !isMarked || marks.contains { if case .default = $0 { true } else { false } }
    }

    /// Whether the value never comes back.
    package var isSecret: Bool {
        marks.contains { if case .secret = $0 { true } else { false } }
    }

    /// Whether searches for a value are answered from memory.
    package var isIndexed: Bool {
        marks.contains { if case .indexed = $0 { true } else { false } }
    }

    /// Whether the structure is given in part.
    package var isPartial: Bool {
        marks.contains { if case .partial = $0 { true } else { false } }
    }

    /// The name of the unique key that the property's values belong to.
    package var uniqueKey: String? {
        for case .uniqueKey(let key, _) in marks { return key ?? name }
        return nil
    }

    /// The JSON key of the elements' property that has the values of the unique key, where the property is an array.
    package var uniqueElementKey: String? {
        for case .uniqueKey(_, let path?) in marks {
            let element = Swift.type(of: path).rootType as? any JSONStructure.Type
            return element?.fields.first { $0.path == path }?.name
        }
        return nil
    }

    /// The schema of the property: that of its type, and what the marks and the documentation add.
    func jsonSchema(in definitions: inout SchemaDefinitions) -> JSONSchema {
        var schema: JSONSchema
        if isPartial {
            guard let structure = type as? any JSONStructure.Type else {
                preconditionFailure("\(name) is marked as partial, but is no structure")
            }
            schema = structure.partialSchema(in: &definitions)
        } else {
            schema = type.jsonSchema(in: &definitions)
        }
        schema.description = documentation ?? schema.description
        for mark in marks {
            switch mark {
            case .format(let format): schema.format = format.rawValue
            case .pattern(let pattern): schema.pattern = pattern
            case .secret: schema.writeOnly = true
            case .readOnly: schema.readOnly = true
            case .default(let value): schema.default = value
            case .uniqueKey: schema.annotations["x-unique"] = uniqueKey.map { .string($0) }
            case .required, .key, .indexed, .partial: break
            }
        }
        return schema
    }
}
