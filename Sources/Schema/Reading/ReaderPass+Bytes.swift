/// The way over the bytes.
extension ReaderPass {
    /// The current byte; zero, which is nowhere allowed, at the end.
    var current: UInt8 { position < input.count ? input[position] : 0 }

    mutating func skipWhiteSpace() {
        while current == 0x20 || current == 0x0A || current == 0x0D || current == 0x09 { position += 1 }
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func skip(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard input.count - position >= text.count,
            text.hasSameBytes(as: UnsafeBufferPointer(rebasing: input[position..<position + text.count]))
        else { return false }
        position += text.count
        return true
    }

    func slice(_ start: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: input[start..<position])
    }

    /// Passes over a string.
    ///
    /// - Returns: Whether nothing in it is escaped, and whether all of it is ASCII; nil where there is no string.
    mutating func readString() -> (isPlain: Bool, isASCII: Bool)? {
        guard skip("\"") else { return nil }
        var (isPlain, isASCII) = (true, true)
        while true {
            position = input.endOfPlainASCII(from: position)
            switch current {
            case UInt8(ascii: "\""):
                position += 1
                return (isPlain, isASCII)
            case UInt8(ascii: "\\"):
                isPlain = false
                position += 2
            case 0x80...0xFF:
                isASCII = false
                position += 1
            default: return nil
            }
        }
    }

    /// Passes over what is a value if it is JSON at all, which the parser finds out.
    mutating func skipValue() -> Bool {
        var open = 0
        repeat {
            switch current {
            case UInt8(ascii: "\""): if readString() == nil { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                open += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                open -= 1
                position += 1
            case 0: return false
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x0A, 0x0D, 0x09:
                // Only within an object or an array.
                guard open > 0 else { return false }
                position += 1
            default:
                while current.isPartOfWord { position += 1 }
            }
        } while open > 0
        return open == 0
    }
}

extension UInt8 {
    /// Whether the byte is neither a bracket nor stands between values.
    fileprivate var isPartOfWord: Bool {
        switch self {
        case 0, 0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "\""), UInt8(ascii: "{"),
            UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"):
            false
        default: true
        }
    }
}
