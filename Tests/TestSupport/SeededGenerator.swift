package import Schema

/// Random numbers that come again with the same seed, which is part of its description.
package struct SeededGenerator: RandomNumberGenerator, CustomStringConvertible {
    package let seed: UInt64
    private var state: UInt64

    package init(seed: UInt64 = .random(in: .min ... .max)) {
        self.seed = seed
        state = seed
    }

    package var description: String { "seed \(seed)" }

    /// SplitMix64.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    /// A value of any type, with containers up to a depth.
    package mutating func jsonValue(depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &self) {
        case 0: return .null
        case 1: return .bool(.random(using: &self))
        case 2:
            return .number(
                JSONNumber(Int.random(in: .min ... .max, using: &self) >> Int.random(in: 0..<64, using: &self))
            )
        case 3: return .number(JSONNumber(Double.random(in: -1e9...1e9, using: &self)))
        case 4: return .string(string())
        case 5: return .array((0..<Int.random(in: 0..<5, using: &self)).map { _ in jsonValue(depth: depth - 1) })
        default:
            return .object(
                JSONObject(
                    (0..<Int.random(in: 0..<25, using: &self)).map { _ in (string(), jsonValue(depth: depth - 1)) }
                )
            )
        }
    }

    /// A short string of characters that parsers stumble over.
    package mutating func string() -> String {
        let characters: [Unicode.Scalar] = [
            "a", "Z", "0", "\"", "\\", "/", "\u{0}", "\n", "\u{1F}", "\u{7F}", "é", "\u{301}", "\u{2028}", "😀", " ",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<20, using: &self) {
            text.append(characters.randomElement(using: &self) ?? "a")
        }
        return String(text)
    }
}
