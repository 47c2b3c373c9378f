import SwiftParser
import SwiftSyntax

/// What the `@Field` attributes of a property say.
struct FieldMarks {
    /// The marks as they are written.
    private(set) var expressions: [ExprSyntax] = []
    private(set) var isRequired = false
    private(set) var key: String?
    private(set) var defaultValue: ExprSyntax?

    init(_ attributes: AttributeListSyntax, isOptional: Bool, diagnostics: inout DiagnosticList) {
        var requiredMark: LabeledExprSyntax?
        var seen: Set<String> = []
        for case .attribute(let attribute) in attributes where attribute.attributeName.trimmedDescription == "Field" {
            guard case .argumentList(let arguments)? = attribute.arguments else { continue }
            for argument in arguments {
                guard let mark = Mark(argument.expression) else {
                    diagnostics.add(.unknownMark(argument.expression.trimmedDescription), at: argument.expression)
                    continue
                }
                if !seen.insert(mark.name).inserted {
                    diagnostics.add(.repeatedMark(mark.name), at: argument.expression)
                }
                if mark.name == "required" { requiredMark = argument }
                expressions.append(argument.expression.trimmed)
                read(mark, diagnostics: &diagnostics)
            }
        }
        guard isRequired, let requiredMark else { return }
        if defaultValue != nil {
            diagnostics.add(.requiredWithDefault, at: requiredMark.expression)
        } else if !isOptional {
            diagnostics.add(.redundantRequired, at: requiredMark.expression)
        }
    }

    private mutating func read(_ mark: Mark, diagnostics: inout DiagnosticList) {
        switch mark.name {
        case "required": isRequired = true
        case "key": key = mark.string(diagnostics: &diagnostics)
        case "pattern": _ = mark.string(diagnostics: &diagnostics)
        case "default": defaultValue = mark.arguments.first?.expression.trimmed
        case "unique":
            if !mark.arguments.isEmpty { _ = mark.string(diagnostics: &diagnostics) }
            mark.checkElementPath(diagnostics: &diagnostics)
        case "format", "indexed", "secret", "readOnly", "partial": break
        default: diagnostics.add(.unknownMark(mark.name), at: mark.expression)
        }
    }
}

/// One mark: `.name` or `.name(arguments)`.
private struct Mark {
    let expression: ExprSyntax
    let name: String
    let arguments: [LabeledExprSyntax]

    init?(_ expression: ExprSyntax) {
        self.expression = expression
        let call = expression.as(FunctionCallExprSyntax.self)
        guard let member = (call?.calledExpression ?? expression).as(MemberAccessExprSyntax.self) else { return nil }
        let base = member.base?.trimmedDescription
        guard base == nil || base == "FieldMark" else { return nil }
        name = member.declName.baseName.text.withoutBackticks
        arguments = call.map { Array($0.arguments) } ?? []
    }

    /// The first argument, which must be a plain string literal.
    func string(diagnostics: inout DiagnosticList) -> String? {
        let argument = arguments.first?.expression
        guard let text = argument?.as(StringLiteralExprSyntax.self)?.representedLiteralValue else {
            diagnostics.add(.notALiteral(name), at: argument ?? expression)
            return nil
        }
        return text
    }

    /// Makes sure that the key path of the argument `each` has a root type.
    func checkElementPath(diagnostics: inout DiagnosticList) {
        guard let argument = arguments.first(where: { $0.label?.text == "each" }) else { return }
        guard let path = argument.expression.as(KeyPathExprSyntax.self), path.root != nil,
            path.components.allSatisfy({ $0.component.is(KeyPathPropertyComponentSyntax.self) })
        else {
            diagnostics.add(.eachWithoutRootType, at: argument.expression)
            return
        }
    }
}
