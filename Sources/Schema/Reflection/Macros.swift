/// How JSON keys are made of the names of properties.
package enum KeyStyle: Sendable {
    /// `bootIPv4Address` becomes `boot_ipv4_address`.
    case snakeCase
    /// `netType` becomes `NetType`.
    case pascalCase
}

/// Makes a structure a `JSONStructure`: its stored properties become the properties of a JSON object.
///
/// The keys follow the key style, the descriptions are the documentation comments, and what a property says beyond that
/// stands in `@Field`. A property whose type is not Optional is required unless it has a default.
@attached(
    member,
    names: named(CodingKeys),
    named(jsonName),
    named(documentation),
    named(fields),
    named(init),
    named(write(to:))
)
@attached(extension, conformances: JSONStructure)
package macro JSONSchema(keys: KeyStyle = .snakeCase) =
    #externalMacro(module: "SchemaMacros", type: "JSONSchemaMacro")

/// Says what `@JSONSchema` cannot see in the type of a property.
@attached(peer)
package macro Field(_ marks: FieldMark...) = #externalMacro(module: "SchemaMacros", type: "FieldMacro")
