extension JSONParser {
    /// Reads a string from its opening quote.
    mutating func parseString() throws(JSONParseError) -> String {
        let start = offset + 1
        offset = start
        skipPlainCharacters()
        if current == UInt8(ascii: "\"") {
            defer { offset += 1 }
            return try text(from: start, to: offset)
        }
        return try parseEscapedString(from: start)
    }

    /// Goes to the next quote, backslash, control character, or to the end.
    private mutating func skipPlainCharacters() {
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return }
            offset += 1
        }
    }

    /// Reads on from the first escape of a string.
    private mutating func parseEscapedString(from start: Int) throws(JSONParseError) -> String {
        var result = ""
        var plainStart = start
        while true {
            result += try text(from: plainStart, to: offset)
            switch current {
            case UInt8(ascii: "\""):
                offset += 1
                return result
            case UInt8(ascii: "\\"):
                result.unicodeScalars.append(try parseEscape())
            case nil:
                throw error("the text ends within a string")
            default:
                throw error("a control character must be escaped in a string")
            }
            plainStart = offset
            skipPlainCharacters()
        }
    }

    private mutating func parseEscape() throws(JSONParseError) -> Unicode.Scalar {
        let start = offset
        offset += 2
        switch start + 1 < bytes.count ? bytes[start + 1] : nil {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try parseUnicodeEscape(from: start)
        case nil: throw error("the text ends within a string", at: start)
        default: throw error("there is no such escape", at: start)
        }
    }

    /// Reads on behind `\u`: four hexadecimal digits, and for a high surrogate the escape of the low one.
    private mutating func parseUnicodeEscape(from start: Int) throws(JSONParseError) -> Unicode.Scalar {
        let unit = try parseHexadecimalDigits(from: start)
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, skip("\\"), skip("u") else {
            throw error("half of a surrogate pair is escaped", at: start)
        }
        let low = try parseHexadecimalDigits(from: start)
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        else { throw error("half of a surrogate pair is escaped", at: start) }
        return scalar
    }

    private mutating func parseHexadecimalDigits(from start: Int) throws(JSONParseError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = current?.hexadecimalDigitValue else {
                throw error("four hexadecimal digits must follow \\u", at: start)
            }
            unit = unit << 4 | UInt32(digit)
            offset += 1
        }
        return unit
    }

    private func text(from start: Int, to end: Int) throws(JSONParseError) -> String {
        let text = UnsafeBufferPointer(rebasing: bytes[start..<end])
        // Validating costs several times what decoding does.
        if text.allSatisfy({ $0 < 0x80 }) { return String(decoding: text, as: UTF8.self) }
        guard let text = String(validating: text, as: UTF8.self) else {
            throw error("the string is not UTF-8", at: start)
        }
        return text
    }
}

extension UInt8 {
    /// What the byte stands for as a hexadecimal digit of either case; nil for other bytes.
    var hexadecimalDigitValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension String {
    /// The text as a JSON string, cut to 64 characters, for use in messages.
    package var quoted: String {
        var writer = JSONWriter()
        writer.string(count > 64 ? prefix(63) + "…" : self)
        return writer.text
    }
}
