/// Why a text is not JSON, and where.
package struct JSONParseError: Error, Sendable, Equatable {
    /// The number of bytes before the place.
    package let offset: Int
    /// The line of the place, from 1.
    package let line: Int
    /// The number of the byte within its line, from 1.
    package let column: Int
    /// What is wrong, as the end of a sentence.
    package let message: String
}

extension JSONParseError: CustomStringConvertible {
    package var description: String {
        "line \(line), column \(column): \(message)"
    }
}
