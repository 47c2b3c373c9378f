import SwiftSyntax

/// How JSON keys are made of the names of properties.
enum KeyStyle: String {
    case snakeCase
    case pascalCase

    /// Reads the argument `keys` of `@JSONSchema`; without one it is snake case.
    init(_ attribute: AttributeSyntax, diagnostics: inout DiagnosticList) {
        self = .snakeCase
        guard case .argumentList(let arguments)? = attribute.arguments,
            let argument = arguments.first(where: { $0.label?.text == "keys" })
        else { return }
        let name = argument.expression.as(MemberAccessExprSyntax.self)?.declName.baseName.text
        if let style = name.flatMap(KeyStyle.init(rawValue:)) {
            self = style
        } else {
            diagnostics.add(.unknownKeyStyle, at: argument.expression)
        }
    }

    /// The JSON key of a property.
    func key(for name: String) -> String {
        switch self {
        case .pascalCase: name.prefix(1).uppercased() + name.dropFirst()
        case .snakeCase: Self.words(of: name).joined(separator: "_").lowercased()
        }
    }

    /// Takes a name apart before each capital that follows a small letter or a digit and before the last capital of a
    /// run that a small letter follows: `kernelURL`, `URLPath`. `IPv4` and `IPv6` are one word.
    private static func words(of name: String) -> [String] {
        let characters = Array(name.replacing("IPv4", with: "Ipv4").replacing("IPv6", with: "Ipv6"))
        var words: [String] = []
        for (index, character) in characters.enumerated() {
            let followsCapital = index > 0 && characters[index - 1].isUppercase
            let precedesSmall = index + 1 < characters.count && characters[index + 1].isLowercase
            if index == 0 || (character.isUppercase && (!followsCapital || precedesSmall)) {
                words.append("")
            }
            words[words.count - 1].append(character)
        }
        return words
    }
}
