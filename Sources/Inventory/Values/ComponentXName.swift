package import Schema

/// The location of any HMS component, from a cabinet (`x1000`) to a node's processor (`x1000c1s7b0n0p1`).
///
/// HMS has about 40 forms, all of them letters each followed by a number; this type keeps to that and leaves the
/// forms to the component's `Type`. The normal spelling is lower case without leading zeros, but a cabinet that
/// comes with three digits or more keeps three, as in ``BMCXName``.
package struct ComponentXName: StringValue {
    package let description: String

    /// The longest text that is read, in bytes.
    private static let maximumLength = 63

    package init(_ text: String) throws(InvalidValue) {
        guard text.utf8.count <= Self.maximumLength else {
            throw InvalidValue("has more than \(Self.maximumLength) characters")
        }
        var rest = text.lowercased()[...]
        var normal = ""
        repeat {
            let letters = rest.prefix { $0.isASCII && $0.isLetter }
            let digits = rest[letters.endIndex...].prefix { $0.isASCII && $0.isNumber }
            guard !letters.isEmpty, !digits.isEmpty else {
                throw InvalidValue("is not letters each followed by a number, as x1000c0s0b0n0 is")
            }
            let kept = normal.isEmpty && letters == "x" ? min(3, digits.count) : 1
            let zeros = min(digits.prefix { $0 == "0" }.count, digits.count - kept)
            normal += letters + digits.dropFirst(zeros)
            rest = rest[digits.endIndex...]
        } while !rest.isEmpty
        description = normal
    }

    package static func isNormal(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count <= maximumLength, let last = text.last, last.isASCIIDigit else { return false }
        var previous: UInt8 = 0
        for (index, byte) in text.enumerated() {
            let startsNumber = byte.isASCIIDigit && !previous.isASCIIDigit
            let isAllowed =
                byte.isASCIIDigit ? index > 0 : (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            // A number of several digits does not begin with a zero.
            let isZero = startsNumber && byte == UInt8(ascii: "0")
            guard isAllowed, !isZero || index + 1 == text.count || !text[index + 1].isASCIIDigit else { return false }
            previous = byte
        }
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
