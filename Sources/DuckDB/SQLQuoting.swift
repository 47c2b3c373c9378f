extension String {
    /// The string as an identifier in SQL, such as `"node"`.
    package var quotedIdentifier: String {
        quoted(with: "\"")
    }

    /// The string as a literal in SQL, such as `'it''s'`, where a statement takes no parameter.
    package var quotedLiteral: String {
        quoted(with: "'")
    }

    private func quoted(with quote: Character) -> String {
        var quoted = String(quote)
        for character in unicodeScalars {
            quoted.unicodeScalars.append(character)
            if character == quote.unicodeScalars.first { quoted.append(quote) }
        }
        quoted.append(quote)
        return quoted
    }
}
