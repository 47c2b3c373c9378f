package import SwiftSyntax
import SwiftSyntaxBuilder
package import SwiftSyntaxMacros

/// `@JSONSchema`: writes the members of a `JSONStructure`.
package enum JSONSchemaExpansion: MemberMacro {
    package static func expansion(
        of node: AttributeSyntax,
        providingMembersOf declaration: some DeclGroupSyntax,
        conformingTo protocols: [TypeSyntax],
        in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        var diagnostics = DiagnosticList()
        let structure = StructureModel(declaration, attribute: node, diagnostics: &diagnostics)
        for diagnostic in diagnostics.all { context.diagnose(diagnostic) }
        guard let structure, diagnostics.all.isEmpty else { return [] }
        return structure.members
    }
}

extension JSONSchemaExpansion: ExtensionMacro {
    package static func expansion(
        of node: AttributeSyntax,
        attachedTo declaration: some DeclGroupSyntax,
        providingExtensionsOf type: some TypeSyntaxProtocol,
        conformingTo protocols: [TypeSyntax],
        in context: some MacroExpansionContext
    ) throws -> [ExtensionDeclSyntax] {
        // The member role tells of mistakes; here they only keep errors that follow from them away.
        var diagnostics = DiagnosticList()
        let structure = StructureModel(declaration, attribute: node, diagnostics: &diagnostics)
        guard structure != nil, diagnostics.all.isEmpty, !protocols.isEmpty else { return [] }
        return [try ExtensionDeclSyntax("extension \(type.trimmed): JSONStructure {}")]
    }
}
