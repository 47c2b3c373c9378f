import Inventory

/// A pattern for xnames, in whatever spelling it is written.
enum XNamePattern {
    /// How many digits the number of a cabinet has at least.
    private static let cabinetDigits = 3

    /// The pattern for normal spellings: in lower case, each number that is known to be whole without leading zeros, but that of
    /// a cabinet with three digits.
    static func normalSpelling(of pattern: SearchText.Pattern) -> SearchText.Pattern {
        let last = pattern.indices.last
        return pattern.enumerated().map { index, piece in
            guard case .text(let text) = piece else { return piece }
            return .text(normal(text.lowercased(), isAtEnd: index == last))
        }
    }

    /// - Parameter isAtEnd: Whether nothing follows.
    private static func normal(_ text: String, isAtEnd: Bool) -> String {
        var result = ""
        var rest = text[...]
        while !rest.isEmpty {
            let letters = rest.prefix { !$0.isASCIIDigit }
            rest = rest[letters.endIndex...]
            let digits = rest.prefix(while: \.isASCIIDigit)
            rest = rest[digits.endIndex...]
            result += letters
            guard !letters.isEmpty, !digits.isEmpty, !rest.isEmpty || isAtEnd else {
                result += digits
                continue
            }
            let number = digits.drop { $0 == "0" }
            let minimumDigits = letters.last == "x" ? cabinetDigits : 1
            result += String(repeating: "0", count: max(0, minimumDigits - number.count)) + number
        }
        return result
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
