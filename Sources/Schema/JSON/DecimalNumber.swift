/// A decimal number of any size in normal form: a sign, digits without zeros at either end, and a power of ten.
struct DecimalNumber: Hashable {
    /// Whether the number is below zero; zero itself is not.
    let isNegative: Bool
    /// The significant digits, each 0 to 9; none for zero.
    let digits: [UInt8]
    /// The power of ten that the digits, read as an integer, are multiplied by; 0 for zero.
    let exponent: Int

    /// Takes a JSON number apart; nil when it breaks the grammar of RFC 8259, section 6, or when its exponent has more
    /// than nine digits.
    init?(literal: String) {
        var rest = literal.utf8[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest.removeFirst() }
        let whole = rest.prefix(while: \.isASCIIDigit)
        rest = rest[whole.endIndex...]
        guard whole.first != nil, whole.count == 1 || whole.first != UInt8(ascii: "0") else { return nil }

        var fraction = rest.prefix(0)
        if rest.first == UInt8(ascii: ".") {
            fraction = rest.dropFirst().prefix(while: \.isASCIIDigit)
            guard !fraction.isEmpty else { return nil }
            rest = rest[fraction.endIndex...]
        }

        var exponent = 0
        if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
            rest.removeFirst()
            let isNegative = rest.first == UInt8(ascii: "-")
            if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
            let digits = rest.prefix(while: \.isASCIIDigit)
            guard !digits.isEmpty, digits.drop(while: { $0 == UInt8(ascii: "0") }).count <= JSONNumber.longestExponent
            else { return nil }
            exponent = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
            if isNegative { exponent = -exponent }
            rest = rest[digits.endIndex...]
        }
        guard rest.isEmpty else { return nil }

        var digits: [UInt8] = []
        digits.reserveCapacity(whole.count + fraction.count)
        for digit in whole { digits.append(digit - UInt8(ascii: "0")) }
        for digit in fraction { digits.append(digit - UInt8(ascii: "0")) }
        exponent -= fraction.count
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
        self.digits = Array(digits.drop { $0 == 0 })
        self.isNegative = isNegative && !self.digits.isEmpty
        self.exponent = self.digits.isEmpty ? 0 : exponent
    }

    /// The number as an integer; nil when it has a fractional part or does not fit.
    var int: Int? {
        guard exponent >= 0, digits.count + exponent <= 19 else { return nil }
        var result = 0
        for position in 0..<(digits.count + exponent) {
            let digit = position < digits.count ? Int(digits[position]) : 0
            let (product, overflow) = result.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.subtractingReportingOverflow(digit)
            if overflow || carry { return nil }
            result = sum
        }
        if isNegative { return result }
        return result == .min ? nil : -result
    }

    /// Whether the number is an integer times a divisor, which is given as an integer above 0 times a power of ten.
    func isMultiple(of divisor: UInt64, exponent divisorExponent: Int) -> Bool {
        guard !digits.isEmpty else { return true }
        // The digits do not end in zero, so no multiple of ten divides them.
        guard exponent >= divisorExponent else { return false }
        func multiply(_ left: UInt64, _ right: UInt64) -> UInt64 {
            divisor.dividingFullWidth(left.multipliedFullWidth(by: right)).remainder
        }
        var remainder = digits.reduce(0) { (multiply($0, 10 % divisor) + UInt64($1) % divisor) % divisor }
        var power = exponent - divisorExponent
        var factor = 10 % divisor
        while power > 0 {
            if power & 1 == 1 { remainder = multiply(remainder, factor) }
            factor = multiply(factor, factor)
            power >>= 1
        }
        return remainder == 0
    }
}

extension DecimalNumber: Comparable {
    static func < (left: DecimalNumber, right: DecimalNumber) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? right.isSmallerInSize(than: left) : left.isSmallerInSize(than: right)
    }

    private func isSmallerInSize(than other: DecimalNumber) -> Bool {
        if digits.isEmpty || other.digits.isEmpty { return digits.isEmpty && !other.digits.isEmpty }
        let magnitude = digits.count + exponent
        let otherMagnitude = other.digits.count + other.exponent
        if magnitude != otherMagnitude { return magnitude < otherMagnitude }
        return digits.lexicographicallyPrecedes(other.digits)
    }
}

extension UInt8 {
    /// Whether the byte is one of `0` to `9`.
    package var isASCIIDigit: Bool { self &- UInt8(ascii: "0") < 10 }
}
