import SwiftSyntax

/// A struct that `@JSONSchema` is attached to.
struct StructureModel {
    let name: String
    let documentation: String?
    /// The access of what is generated: that of the struct, with a space behind it.
    let access: String
    let fields: [FieldModel]
    let hasInitializer: Bool

    /// Reads the declaration; nil where it is not a struct that the macro can work on.
    init?(
        _ declaration: some DeclGroupSyntax,
        attribute: AttributeSyntax,
        diagnostics: inout DiagnosticList
    ) {
        guard let structure = declaration.as(StructDeclSyntax.self) else {
            diagnostics.add(.notAStructure, at: attribute)
            return nil
        }
        if let parameters = structure.genericParameterClause {
            diagnostics.add(.genericStructure, at: parameters)
            return nil
        }
        name = structure.name.text.withoutBackticks
        documentation = structure.documentationComment
        access = structure.modifiers.accessOfMembers
        hasInitializer = structure.memberBlock.members.contains { $0.decl.is(InitializerDeclSyntax.self) }

        let style = KeyStyle(attribute, diagnostics: &diagnostics)
        fields = structure.memberBlock.members.compactMap { member in
            member.decl.as(VariableDeclSyntax.self).flatMap {
                FieldModel($0, style: style, diagnostics: &diagnostics)
            }
        }
        if fields.isEmpty, diagnostics.all.isEmpty { diagnostics.add(.noProperties, at: structure.name) }
        var keys: Set<String> = []
        for field in fields where !keys.insert(field.key).inserted {
            diagnostics.add(.duplicateKey(field.key), at: field.syntax)
        }
    }
}

extension DeclModifierListSyntax {
    /// The access that members need to be as visible as the type, with a space behind it; empty for internal ones.
    fileprivate var accessOfMembers: String {
        for modifier in self {
            switch modifier.name.tokenKind {
            case .keyword(.public), .keyword(.package): return "\(modifier.name.text) "
            case .keyword(.private), .keyword(.fileprivate): return "fileprivate "
            default: continue
            }
        }
        return ""
    }
}

extension String {
    /// The name that an identifier stands for.
    var withoutBackticks: String {
        hasPrefix("`") && hasSuffix("`") ? String(dropFirst().dropLast()) : self
    }
}
