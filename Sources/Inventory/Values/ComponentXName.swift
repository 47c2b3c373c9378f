package import Schema

/// The location of any HMS component, from a cabinet (`x1000`) to a node's processor (`x1000c1s7b0n0p1`).
///
/// HMS has about 40 forms, all of them letters each followed by a number; this type keeps to that and leaves the
/// forms to the component's `Type`. The normal spelling is lower case without leading zeros, but a cabinet has at least
/// three digits, as in ``BMCXName``: `x1` and `x01` are `x001`. What earlier versions stored may have fewer.
package struct ComponentXName: StringValue {
    package let description: String

    /// The longest text that is read, in bytes.
    private static let maximumLength = 63
    /// How many digits the number of a cabinet has at least.
    private static let cabinetDigits = 3

    package init(_ text: String) throws(InvalidValue) {
        guard text.utf8.count <= Self.maximumLength else { throw Self.tooLong }
        var rest = text[...]
        var normal = ""
        repeat {
            let letters = rest.prefix { $0.isASCII && $0.isLetter }
            let digits = rest[letters.endIndex...].prefix { $0.isASCII && $0.isNumber }
            guard !letters.isEmpty, !digits.isEmpty else {
                throw InvalidValue("is not letters each followed by a number, as x1000c0s0b0n0 is")
            }
            let number = digits.drop { $0 == "0" }
            let minimumDigits = normal.isEmpty && letters.lowercased() == "x" ? Self.cabinetDigits : 1
            normal +=
                letters.lowercased() + String(repeating: "0", count: max(0, minimumDigits - number.count)) + number
            rest = rest[digits.endIndex...]
        } while !rest.isEmpty
        guard normal.utf8.count <= Self.maximumLength else { throw Self.tooLong }
        description = normal
    }

    private static let tooLong = InvalidValue("has more than \(maximumLength) characters")

    package static var laterRule: String? { "xname" }

    /// The texts that stored documents may have for a location: its normal spelling, and what earlier versions made of a cabinet
    /// that came with fewer digits.
    package static func storedSpellings(of normal: String) -> [String] {
        guard normal.first == "x" else { return [normal] }
        return [normal]
            + (1..<cabinetDigits).filter { normal.dropFirst().prefix($0).allSatisfy { $0 == "0" } }
            .map { "x" + normal.dropFirst(1 + $0) }
    }

    package static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count <= maximumLength else { return false }
        var position = 0
        repeat {
            let start = position
            while position < text.count, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(text[position]) {
                position += 1
            }
            let number = position
            while position < text.count, text[position].isASCIIDigit { position += 1 }
            let digits = position - number
            let isCabinet = start == 0 && number == 1 && text[0] == UInt8(ascii: "x")
            let minimumDigits = isCabinet ? cabinetDigits : 1
            // A number with more digits does not begin with a zero.
            guard number > start, digits >= minimumDigits, digits == minimumDigits || text[number] != UInt8(ascii: "0")
            else { return false }
        } while position < text.count
        return true
    }

    package static var stringSchema: JSONSchema {
        JSONSchema(
            title: "ComponentXName",
            description: "Location of an HMS component",
            type: .string,
            pattern: #"^([a-zA-Z]+[0-9]+)+$"#
        )
    }
}
