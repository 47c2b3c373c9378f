import SchemaExpansion
import SwiftSyntax
import SwiftSyntaxMacros

/// `@Field`, as the compiler looks for it: by the name of the plugin.
enum FieldMacro: PeerMacro {
    static func expansion(
        of node: AttributeSyntax,
        providingPeersOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        try FieldExpansion.expansion(of: node, providingPeersOf: declaration, in: context)
    }
}
