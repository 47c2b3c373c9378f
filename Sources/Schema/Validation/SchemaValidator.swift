/// Whether `format` is a rule or, as draft 2020-12 has it without more, a remark.
package enum FormatAssertion: Sendable {
    /// Strings are held to it.
    case asserted
    /// Strings are not held to it.
    case annotation
}

/// One way in which a value breaks its schema.
package struct SchemaViolation: Sendable, Equatable, CustomStringConvertible {
    /// The place in the value; of a missing member, where it should be.
    package let pointer: JSONPointer
    /// What is wrong there, for people. Values under `writeOnly` are never quoted, long ones are cut.
    package let message: String
    /// The keyword that the value breaks; `check` for the rule of a Swift type.
    package let keyword: String

    /// Creates a violation that another rule than a schema's found.
    package init(pointer: JSONPointer, message: String, keyword: String) {
        self.pointer = pointer
        self.message = message
        self.keyword = keyword
    }

    package var description: String { "\(pointer): \(message)" }
}

/// Holds JSON values to a schema of draft 2020-12.
///
/// All keywords are supported but `$dynamicRef`, `$dynamicAnchor` and `$vocabulary`: a schema that uses one of them is
/// refused, as is another dialect than that of the draft. Of formats, those in `StringFormat` are known. Content keywords
/// are annotations.
package struct SchemaValidator: Sendable {
    private let nodes: [SchemaNode]

    /// Compiles a schema.
    ///
    /// - Parameters:
    ///   - schema: the schema.
    ///   - formats: whether strings are held to `format`.
    ///   - documents: other schemas that it may refer to, by URI without a fragment; nothing is fetched.
    /// - Throws: when the schema uses what is not supported, refers to what is not there or, for the same value, to
    ///   itself, or has a broken regular expression.
    package init(
        _ schema: JSONSchema,
        formats: FormatAssertion = .asserted,
        documents: [String: JSONSchema] = [:]
    ) throws(JSONSchemaError) {
        nodes = try SchemaCompiler(schema, formats: formats, documents: documents).nodes
    }

    /// All violations of the schema by a value, in the order of the value's members, up to a limit.
    ///
    /// - Parameter isTolerated: Says of a violation whether it does not count.
    package func violations(
        of value: JSONValue,
        limit: Int = 100,
        tolerating isTolerated: ((SchemaViolation) -> Bool)? = nil
    ) -> [SchemaViolation] {
        var evaluation = SchemaEvaluation(nodes: nodes, limit: limit, isTolerated: isTolerated)
        _ = evaluation.evaluate(0, value)
        return evaluation.violations
    }
}
