/// A JSON number exactly as it was written.
///
/// Comparing is exact whatever the size and the number of digits, and goes by the mathematical value: `1` equals `1.0`.
package struct JSONNumber: Sendable {
    /// The number as it was written, such as `1.00`.
    package let literal: String

    /// The number of decimal digits that an exponent may have.
    static var longestExponent: Int { 9 }

    /// Creates a number from its spelling; nil when it breaks the grammar of RFC 8259, section 6, or when its exponent
    /// has more than nine digits.
    package init?(literal: String) {
        guard DecimalNumber(literal: literal) != nil else { return nil }
        self.literal = literal
    }

    /// Creates a number from a spelling that the parser has checked.
    init(checked literal: String) {
        self.literal = literal
    }

    /// Creates a number from an integer.
    package init(_ value: Int) {
        literal = String(value)
    }

    /// Creates a number from a finite floating-point number, in the shortest form that reads back the same.
    package init(_ value: Double) {
        precondition(value.isFinite, "JSON has no \(value)")
        literal = value.description
    }

    /// The number as an integer: nil when it has a fractional part or does not fit. `1.0` and `1e3` are integers.
    package var int: Int? {
        Int(literal) ?? decimal.int
    }

    /// The nearest floating-point number, infinite for numbers beyond the range.
    package var double: Double {
        guard let value = Double(literal) else { preconditionFailure("not a number: \(literal)") }
        return value
    }

    /// Whether the number has no fractional part, whatever its size.
    package var isIntegral: Bool {
        Int(literal) != nil || decimal.exponent >= 0
    }

    /// The number taken apart.
    var decimal: DecimalNumber {
        guard let decimal = DecimalNumber(literal: literal) else { preconditionFailure("not a number: \(literal)") }
        return decimal
    }
}

extension JSONNumber: Comparable, Hashable {
    package static func == (left: JSONNumber, right: JSONNumber) -> Bool {
        if let left = Int(left.literal), let right = Int(right.literal) { return left == right }
        return left.decimal == right.decimal
    }

    package static func < (left: JSONNumber, right: JSONNumber) -> Bool {
        if let left = Int(left.literal), let right = Int(right.literal) { return left < right }
        return left.decimal < right.decimal
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(decimal)
    }
}
