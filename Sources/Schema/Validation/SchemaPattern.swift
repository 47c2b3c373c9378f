import Foundation

/// A regular expression of JSON Schema: ECMA-262 with the `u` flag, matched anywhere in the string.
///
/// The pattern runs as an ICU expression after translation: the classes `\d`, `\w`, `\s`, `.` and the assertions `$` and `\b`
/// mean what they mean in ECMA-262. Letter escapes that ECMA-262 does not have are refused.
struct SchemaPattern: Sendable {
    let source: String
    private let expression: NSRegularExpression

    /// - Throws: an error when the source is not a regular expression.
    init(_ source: String, at pointer: JSONPointer) throws(JSONSchemaError) {
        self.source = source
        do {
            expression = try NSRegularExpression(pattern: PatternTranslation.translate(source))
        } catch {
            throw JSONSchemaError(pointer: pointer, message: "\(source.quoted) is not a regular expression")
        }
    }

    func matches(_ text: String) -> Bool {
        let range = NSRange(location: 0, length: text.utf16.count)
        return expression.rangeOfFirstMatch(in: text, range: range).location != NSNotFound
    }
}

/// Turns ECMA-262 into ICU's regular expressions.
private struct PatternTranslation {
    struct UnknownEscape: Error {}

    private var rest: Substring.UnicodeScalarView
    private var result = ""

    static func translate(_ source: String) throws(UnknownEscape) -> String {
        var translation = PatternTranslation(rest: source.unicodeScalars[...])
        while let character = translation.rest.popFirst() {
            switch character {
            case "\\": try translation.translateEscape(inClass: false)
            case "[": try translation.translateClass()
            case "$": translation.result += "\\z"
            case ".": translation.result += "[^\\n\\r\\u2028\\u2029]"
            default: translation.result.unicodeScalars.append(character)
            }
        }
        return translation.result
    }

    private init(rest: Substring.UnicodeScalarView) {
        self.rest = rest
    }

    /// Translates a class from behind its bracket; an ICU class has operators that an ECMA-262 class does not have.
    private mutating func translateClass() throws(UnknownEscape) {
        let isNegated = rest.first == "^"
        if isNegated { rest.removeFirst() }
        if rest.first == "]" {
            rest.removeFirst()
            result += isNegated ? "[\\s\\S]" : "(?!)"
            return
        }
        result += isNegated ? "[^" : "["
        var previous: Unicode.Scalar?
        while let character = rest.popFirst() {
            switch character {
            case "]":
                result += "]"
                return
            case "\\": try translateEscape(inClass: true)
            case "-" where previous != "-": result += "-"
            case _ where character.isASCIIPunctuation: result += "\\\(character)"
            default: result.unicodeScalars.append(character)
            }
            previous = character
        }
    }

    private mutating func translateEscape(inClass: Bool) throws(UnknownEscape) {
        guard let character = rest.popFirst() else { throw UnknownEscape() }
        let word = "A-Za-z0-9_"
        let space = "\\t\\n\\x0B\\f\\r\\u0020\\u00A0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000\\uFEFF"
        let boundary = "(?<=[\(word)])(?![\(word)])|(?<![\(word)])(?=[\(word)])"
        switch character {
        case "d": result += "[0-9]"
        case "D": result += "[^0-9]"
        case "w": result += "[\(word)]"
        case "W": result += "[^\(word)]"
        case "s": result += "[\(space)]"
        case "S": result += "[^\(space)]"
        case "b": result += inClass ? "\\x08" : "(?:\(boundary))"
        case "B" where !inClass: result += "(?!\(boundary))"
        case "v": result += "\\x0B"
        case "0": result += "\\x00"
        case "u" where rest.first == "{": result += "\\x"
        case "c", "f", "k", "n", "p", "P", "r", "t", "u", "x", "1"..."9": result += "\\\(character)"
        case _ where character.isASCIIPunctuation: result += "\\\(character)"
        default: throw UnknownEscape()
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isASCIIPunctuation: Bool {
        (0x21...0x7E).contains(value) && !properties.isAlphabetic && !("0"..."9").contains(self)
    }
}
