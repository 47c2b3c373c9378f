import Schema

/// Reads the parts of an xname, each a letter and a decimal number, from left to right.
struct XNameScanner {
    private var rest: Substring.UTF8View
    /// How many digits a part may have, whatever documents are held to; nil for as many as those.
    private let digits: ClosedRange<Int>?

    init(_ text: String) {
        rest = text[...].utf8
        digits = nil
    }

    /// - Parameter text: What a location is looked for by: its letters may be of either case, and only the numbers count.
    init(reference text: String) {
        rest = text.lowercased()[...].utf8
        digits = 1...9
    }

    /// Reads one part.
    ///
    /// - Parameters:
    ///   - letter: The letter that starts the part.
    ///   - name: What the part is called in a message.
    ///   - digits: How many digits the part of a document may have, leading zeros included.
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
        let digits = self.digits ?? digits
        let number = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard digits.contains(number.count) else {
            throw InvalidValue(
                "has a \(name) of \(number.count) digit\(number.count == 1 ? "" : "s"), "
                    + "not \(digits.lowerBound) to \(digits.upperBound)"
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

/// What the number of a normal spelling is of; the upper four bits tell it.
enum NumberForm: UInt64 {
    case macAddress = 0x1000_0000_0000_0000
    case nodeXName = 0x2000_0000_0000_0000
    case bmcXName = 0x3000_0000_0000_0000

    /// What the other bits are, where the number is of this form.
    func content(of number: UInt64) -> UInt64? {
        number & 0xF000_0000_0000_0000 == rawValue ? number & ~0xF000_0000_0000_0000 : nil
    }
}

/// The numbers of an xname in normal spelling, eight bits each behind that of the cabinet; nil for a text that is none,
/// or that has a leading zero which is not one of the three digits that a cabinet has at least.
///
/// - Parameter letters: The letters of the parts, of which the first is the cabinet's.
func normalXName(_ text: UnsafeBufferPointer<UInt8>, letters: StaticString) -> UInt64? {
    var position = 0
    var result: UInt64 = 0
    for index in 0..<letters.utf8CodeUnitCount {
        guard position < text.count, text[position] == letters.utf8Start[index] else { return nil }
        position += 1
        let start = position
        var number: UInt64 = 0
        while position < text.count, position < start + 5, let digit = text[position].hexDigit, digit < 10 {
            number = number * 10 + UInt64(digit)
            position += 1
        }
        let count = position - start
        let isInRange = index == 0 ? (3...5).contains(count) : (1...3).contains(count) && number <= 255
        guard isInRange, text[start] != UInt8(ascii: "0") || count == (index == 0 ? 3 : 1) else { return nil }
        result = result << 8 | number
    }
    return position == text.count ? result : nil
}

extension String {
    /// The number in decimal with zeros before it up to `minimumDigits`.
    package init(_ number: Int, minimumDigits: Int) {
        let digits = String(number)
        self = String(repeating: "0", count: Swift.max(0, minimumDigits - digits.utf8.count)) + digits
    }
}
