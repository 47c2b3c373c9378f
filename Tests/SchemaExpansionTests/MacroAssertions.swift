import Foundation
import SwiftSyntaxBuilder
import SwiftSyntaxMacroExpansion
import SwiftSyntaxMacros
import SwiftSyntaxMacrosGenericTestSupport
import Testing

@testable import SchemaExpansion

/// Expects a source to expand to another and to bring diagnostics.
func expectExpansion(
    of source: String,
    to expanded: String,
    diagnostics: [DiagnosticSpec] = [],
    location: Testing.SourceLocation = #_sourceLocation
) {
    assertMacroExpansion(
        source,
        expandedSource: expanded,
        diagnostics: diagnostics,
        macroSpecs: [
            "JSONSchema": MacroSpec(type: JSONSchemaExpansion.self, conformances: ["JSONStructure"]),
            "Field": MacroSpec(type: FieldExpansion.self),
        ],
        failureHandler: { Issue.record("\($0.message)", sourceLocation: location) }
    )
}

/// Expects a source, of which nothing but the attributes goes away, to bring diagnostics.
func expectDiagnostics(
    _ diagnostics: [DiagnosticSpec],
    for source: String,
    location: Testing.SourceLocation = #_sourceLocation
) {
    let expanded = source.split(separator: "\n", omittingEmptySubsequences: false)
        .filter { !$0.hasPrefix("@JSONSchema") }
        .map { line in
            guard let start = line.range(of: "@Field(")?.lowerBound, let end = line.range(of: ") var")?.lowerBound
            else {
                return String(line)
            }
            return String(line[..<start] + line[line.index(end, offsetBy: 2)...])
        }
    expectExpansion(of: source, to: expanded.joined(separator: "\n"), diagnostics: diagnostics, location: location)
}
