import ArgumentParser

/// A value of an option that has a spelling of its own.
protocol SpelledArgument {
    /// Reads a spelling; nil for what is none.
    init?(argument: String)

    /// What spellings there are, to follow "give".
    static var forms: String { get }
}

extension SpelledArgument {
    /// Reads the value of an option.
    ///
    /// - Throws: ``ValidationError`` that says what is expected.
    static func read(_ text: String) throws -> Self {
        guard let value = Self(argument: text) else { throw ValidationError("give \(forms)") }
        return value
    }
}
