package import SwiftDiagnostics
import SwiftSyntax

/// What can be wrong with a use of the macros.
package enum SchemaDiagnostic: Equatable, Sendable {
    case notAStructure
    case genericStructure
    case noProperties
    case severalProperties
    case noTypeAnnotation
    case constantWithValue
    case duplicateKey(String)
    case unknownKeyStyle
    case unknownMark(String)
    case repeatedMark(String)
    case redundantRequired
    case requiredWithDefault
    case notALiteral(String)
    case eachWithoutRootType
    case fieldOfNoStoredProperty
}

extension SchemaDiagnostic: DiagnosticMessage {
    package var message: String {
        switch self {
        case .notAStructure: "@JSONSchema can only be attached to a struct"
        case .genericStructure: "@JSONSchema cannot be attached to a generic struct"
        case .noProperties: "a @JSONSchema struct needs a stored property"
        case .severalProperties: "declare each property of a @JSONSchema struct on its own"
        case .noTypeAnnotation: "a property of a @JSONSchema struct needs a type annotation"
        case .constantWithValue: "a constant with a value cannot be read from JSON; use 'var' or 'static let'"
        case .duplicateKey(let key): "the JSON key \"\(key)\" is used twice"
        case .unknownKeyStyle: "the key style is .snakeCase or .pascalCase"
        case .unknownMark(let mark): "unknown mark '\(mark)'"
        case .repeatedMark(let mark): "the mark '.\(mark)' is given twice"
        case .redundantRequired: "a property that is not Optional is required anyway"
        case .requiredWithDefault: "a required property cannot have a default"
        case .notALiteral(let mark): "'.\(mark)' needs a string literal without interpolation"
        case .eachWithoutRootType: "'each' needs a key path literal with its root type, such as \\Element.name"
        case .fieldOfNoStoredProperty: "@Field can only be attached to a stored property of a struct"
        }
    }

    package var diagnosticID: MessageID {
        MessageID(domain: "SchemaMacros", id: Mirror(reflecting: self).children.first?.label ?? "\(self)")
    }

    package var severity: DiagnosticSeverity { .error }
}

/// The diagnostics of one expansion.
struct DiagnosticList {
    private(set) var all: [Diagnostic] = []

    mutating func add(_ message: SchemaDiagnostic, at node: some SyntaxProtocol) {
        all.append(Diagnostic(node: node, message: message))
    }
}
