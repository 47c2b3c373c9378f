package import SwiftSyntax
package import SwiftSyntaxMacros

/// `@Field`: is read by `@JSONSchema` and writes nothing itself.
package enum FieldExpansion: PeerMacro {
    package static func expansion(
        of node: AttributeSyntax,
        providingPeersOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        if declaration.as(VariableDeclSyntax.self)?.isStoredInInstances != true {
            var diagnostics = DiagnosticList()
            diagnostics.add(.fieldOfNoStoredProperty, at: node)
            for diagnostic in diagnostics.all { context.diagnose(diagnostic) }
        }
        return []
    }
}
