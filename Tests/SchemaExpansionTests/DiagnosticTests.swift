import SwiftSyntaxMacrosGenericTestSupport
import Testing

@testable import SchemaExpansion

struct DiagnosticTests {
    @Test("Only a struct can be a structure")
    func onlyStruct() {
        expectDiagnostics(
            [DiagnosticSpec(message: "@JSONSchema can only be attached to a struct", line: 1, column: 1)],
            for: """
                @JSONSchema
                final class Host {
                    var name: String
                }
                """
        )
    }

    @Test("A structure cannot be generic")
    func structureCannot() {
        expectDiagnostics(
            [DiagnosticSpec(message: "@JSONSchema cannot be attached to a generic struct", line: 2, column: 12)],
            for: """
                @JSONSchema
                struct Host<Name> {
                    var name: Name
                }
                """
        )
    }

    @Test("A structure has a property")
    func structureHas() {
        expectDiagnostics(
            [DiagnosticSpec(message: "a @JSONSchema struct needs a stored property", line: 2, column: 8)],
            for: """
                @JSONSchema
                struct Host {
                    static let name = ""
                }
                """
        )
    }

    @Test("The key style is known")
    func keyStyle() {
        expectDiagnostics(
            [DiagnosticSpec(message: "the key style is .snakeCase or .pascalCase", line: 1, column: 19)],
            for: """
                @JSONSchema(keys: .kebabCase)
                struct Host {
                    var name: String
                }
                """
        )
    }

    @Test(
        "A mistake in a property is pointed at",
        arguments: [
            ("var name = \"\"", "a property of a @JSONSchema struct needs a type annotation", 9),
            (
                "let name: String = \"\"",
                "a constant with a value cannot be read from JSON; use 'var' or 'static let'", 22
            ),
            ("var name, other: String", "declare each property of a @JSONSchema struct on its own", 9),
            ("var (name, other): (String, String)", "declare each property of a @JSONSchema struct on its own", 9),
            ("@Field(.key(\"a\")) var b: Int\n    var a: Int", "the JSON key \"a\" is used twice", 9),
            ("@Field(.secrt) var name: String?", "unknown mark 'secrt'", 12),
            ("@Field(mark) var name: String?", "unknown mark 'mark'", 12),
            ("@Field(.secret, .secret) var name: String?", "the mark '.secret' is given twice", 21),
            ("@Field(.format(.ipv4), .format(.ipv6)) var name: String?", "the mark '.format' is given twice", 28),
            ("@Field(.required, .default(1)) var count: Int?", "a required property cannot have a default", 12),
            ("@Field(.required) var count: Int", "a property that is not Optional is required anyway", 12),
            ("@Field(.key(other)) var name: String?", "'.key' needs a string literal without interpolation", 17),
            (
                "@Field(.pattern(\"\\(x)\")) var name: String?",
                "'.pattern' needs a string literal without interpolation", 21
            ),
            ("@Field(.unique(other)) var name: String?", "'.unique' needs a string literal without interpolation", 20),
            (
                "@Field(.unique(\"mac\", each: \\.mac)) var nics: [NIC]?",
                "'each' needs a key path literal with its root type, such as \\Element.name", 33
            ),
        ] as [(String, String, Int)]
    )
    func propertyMistake(property: String, message: String, column: Int) {
        let isOnSecondLine = message.hasPrefix("the JSON key")
        expectDiagnostics(
            [DiagnosticSpec(message: message, line: isOnSecondLine ? 4 : 3, column: column)],
            for: """
                @JSONSchema
                struct Host {
                    \(property)
                }
                """
        )
    }

    @Test("Marks of what is not stored are pointed at")
    func marksWhat() {
        expectDiagnostics(
            [
                DiagnosticSpec(
                    message: "@Field can only be attached to a stored property of a struct",
                    line: 2,
                    column: 5
                )
            ],
            for: """
                struct Host {
                    @Field(.secret) var name: String { "" }
                }
                """
        )
    }
}
