import SwiftSyntax
import SwiftSyntaxBuilder

extension StructureModel {
    /// The members that make the struct a `JSONStructure`.
    var members: [DeclSyntax] {
        var members = [
            codingKeys, jsonNameProperty, documentationProperty, fieldsProperty, decodingInitializer, writeFunction,
        ]
        if !hasInitializer { members.insert(memberwiseInitializer, at: 4) }
        return members.map { DeclSyntax("\(raw: $0)") }
    }

    private var codingKeys: String {
        block("\(access)enum CodingKeys: String, CodingKey, CaseIterable", fields.map(\.codingKey))
    }

    private var jsonNameProperty: String {
        block("\(access)static var jsonName: String", [name.swiftLiteral])
    }

    private var documentationProperty: String {
        block("\(access)static var documentation: String?", [documentation.swiftLiteral])
    }

    private var fieldsProperty: String {
        "\(access)static let fields: [JSONField] = [\n"
            + fields.map { $0.descriptor + ",\n" }.joined() + "]"
    }

    private var memberwiseInitializer: String {
        block(
            "\(access)init(\(fields.map(\.parameter).joined(separator: ", ")))",
            fields.map { "self.\($0.name) = \($0.name)" }
        )
    }

    private var decodingInitializer: String {
        var lines: [String] = []
        lines += fields.map(\.decodedVariable)
        lines.append("for _member in try _json.members() {")
        lines.append("do throws(JSONDecodingError) {")
        lines.append("switch CodingKeys(rawValue: _member.key) {")
        lines += fields.map { "case .\($0.name): \($0.name) = try \($0.valueType)(json: _member.value)" }
        lines.append("case nil: throw JSONDecodingError(\"is not known\")")
        lines += ["}", "} catch {", "throw error.within(_member.key)", "}", "}"]
        lines += fields.map(\.assignment)
        return block("\(access)init(json _json: JSONValue) throws(JSONDecodingError)", lines)
    }

    private var writeFunction: String {
        block(
            "\(access)func write(to writer: inout JSONWriter)",
            ["writer.beginObject()"] + fields.map(\.writing) + ["writer.endObject()"]
        )
    }

    private func block(_ head: String, _ lines: [String]) -> String {
        "\(head) {\n\(lines.joined(separator: "\n"))\n}"
    }
}

extension FieldModel {
    fileprivate var codingKey: String {
        key == name ? "case \(name)" : "case \(name) = \(key.swiftLiteral)"
    }

    /// The name of the key, as an expression.
    private var keyName: String { "CodingKeys.\(name).rawValue" }

    fileprivate var descriptor: String {
        """
        JSONField(
        name: \(keyName),
        path: \\Self.\(name),
        documentation: \(documentation.swiftLiteral),
        isRequired: \(isRequired),
        marks: [\(marks.expressions.map(\.description).joined(separator: ", "))],
        type: \(valueType).self
        )
        """
    }

    fileprivate var parameter: String {
        let value = initialValue.map { " = \($0)" } ?? (isOptional ? " = nil" : "")
        return "\(name): \(type)\(value)"
    }

    fileprivate var decodedVariable: String {
        let value = marks.defaultValue.map { " = try \(valueType)(json: \($0))" } ?? ""
        return "var \(name): \(valueType)?\(value)"
    }

    fileprivate var assignment: String {
        if isOptional { return "self.\(name) = \(name)" }
        return """
            guard let \(name) else {
            throw JSONDecodingError("is required").within(\(keyName))
            }
            self.\(name) = \(name)
            """
    }

    fileprivate var writing: String {
        if !isOptional {
            return """
                writer.key(\(keyName))
                self.\(name).write(to: &writer)
                """
        }
        return """
            if let _value = self.\(name) {
            writer.key(\(keyName))
            _value.write(to: &writer)
            }
            """
    }
}

extension String {
    /// The string as a literal in Swift source.
    fileprivate var swiftLiteral: String {
        StringLiteralExprSyntax(content: self).description
    }
}

extension String? {
    fileprivate var swiftLiteral: String {
        self?.swiftLiteral ?? "nil"
    }
}
