/// Reads the parts of an xname, each a letter and a decimal number, from left to right.
struct XNameScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = text[...].utf8
    }

    /// Reads one part.
    ///
    /// - Parameters:
    ///   - letter: The letter that starts the part.
    ///   - name: What the part is called in a message.
    ///   - digits: How many digits the part may have, leading zeros included.
    ///   - maximum: The highest number that the hardware naming scheme has for the part.
    mutating func part(
        _ letter: Unicode.Scalar,
        name: String,
        digits: ClosedRange<Int>,
        maximum: Int
    ) throws(InvalidValue) -> Int {
        guard rest.first == UInt8(ascii: letter) else {
            throw InvalidValue("has no \(name) (\"\(letter)\" and a number) where an xname has it")
        }
        rest = rest.dropFirst()
        let number = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard digits.contains(number.count) else {
            throw InvalidValue(
                "has a \(name) of \(number.count) digits, not \(digits.lowerBound) to \(digits.upperBound)"
            )
        }
        rest = rest[number.endIndex...]
        let value = number.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        guard value <= maximum else {
            throw InvalidValue("has \(name) \(value), above the highest, \(maximum)")
        }
        return value
    }

    /// Makes sure that nothing follows the parts that were read.
    func end() throws(InvalidValue) {
        guard rest.isEmpty else {
            throw InvalidValue("has \"\(Substring(rest))\" after the last part of an xname")
        }
    }
}

extension String {
    /// The number in decimal with zeros before it up to `minimumDigits`.
    package init(_ number: Int, minimumDigits: Int) {
        let digits = String(number)
        self = String(repeating: "0", count: Swift.max(0, minimumDigits - digits.utf8.count)) + digits
    }
}
