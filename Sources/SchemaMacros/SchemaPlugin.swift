import SwiftCompilerPlugin
import SwiftSyntaxMacros

/// The compiler plugin that holds the macros of the Schema module.
@main
struct SchemaPlugin: CompilerPlugin {
    let providingMacros: [any Macro.Type] = [JSONSchemaMacro.self, FieldMacro.self]
}
