extension Sequence<UInt8> {
    /// The bytes as hexadecimal digits in lower case.
    package var hexadecimal: String {
        String(decoding: flatMap { [$0.upperHexDigit, $0.lowerHexDigit] }, as: UTF8.self)
    }
}

extension UInt8 {
    /// The number that an ASCII character stands for as a hexadecimal digit.
    @inlinable package var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Whether an ASCII character is a hexadecimal digit, and not one in upper case.
    @inlinable package var isLowerHexDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }

    /// The hexadecimal digit of the upper four bits, as lower-case ASCII.
    @inlinable package var upperHexDigit: UInt8 { (self >> 4).lowerHexDigit }

    /// The hexadecimal digit of the lower four bits, as lower-case ASCII.
    @inlinable package var lowerHexDigit: UInt8 {
        let nibble = self & 0xf
        return nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") - 10 + nibble
    }
}
