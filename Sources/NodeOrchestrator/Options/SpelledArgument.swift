import ArgumentParser

/// A value of an option that has a spelling of its own.
protocol SpelledArgument {
    /// Reads a spelling; nil for what is none.
    init?(argument: String)

    /// What a text is not that is none, to end a sentence.
    static var expectation: String { get }
}

extension SpelledArgument {
    /// Reads the value of an option.
    ///
    /// - Throws: ``ValidationError`` that says what is expected.
    static func read(_ text: String) throws -> Self {
        guard let value = Self(argument: text) else { throw ValidationError("it is \(expectation)") }
        return value
    }
}
