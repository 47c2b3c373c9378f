import TestSupport
import Testing

@testable import Store

@Suite("A pattern")
struct SearchPatternTests {
    private func pattern(_ text: String) throws -> SearchPattern {
        var (value, room) = (SearchText(), SearchText.Room())
        try value.add(text, &room)
        return SearchPattern(try #require(value.patterns.first))
    }

    @Test("is a prefix, a suffix or a part where it is no more than that")
    func plain() throws {
        #expect(try pattern("*") == .any && pattern("**") == .any)
        #expect(try pattern("nid*") == .prefix("nid") && pattern(#"n\*d**"#) == .prefix("n*d"))
        #expect(try pattern("*-a") == .suffix("-a"))
        #expect(try pattern("*x*") == .part("x"))
        #expect(try pattern(#"a\**b\?"#) == .glob(#"a\**b\?"#))
        #expect(try pattern("?*") == .glob("?*") && pattern("*a*b*") == .glob("*a*b*") && pattern("?") == .glob("?"))
    }

    @Test(
        "for hardware addresses is one for their normal spelling, however it is written",
        arguments: [
            ("52-54-00-*", ["52:54:00:*"]), ("5254.00*", ["52:54:00*"]), ("525400BE????", ["52:54:00:be:??:??"]),
            ("5254.00be.ef0?", ["52:54:00:be:ef:0?"]), ("*ef01", ["*ef:01"]), ("*eef01", ["*e:ef:01"]),
            ("*beef*", ["*be:ef*", "*b:ee:f*"]), ("2:0:5e:*", ["02:00:5e:*"]), ("*:0:1", ["*:00:01"]),
            ("*0:1*", ["*0:1*"]), ("*40*", ["*40*"]), ("?:0:5e:*", ["0?:00:5e:*"]), ("02:00?5e*", ["02:00?5e*"]),
            ("525*400*", ["52:5*40:0*", "52:5*4:00*"]), ("5254?", ["5254?"]), ("x525400*", ["x525400*"]),
            ("5254.00be.ef01.02*", ["52:54:00:be:ef:01:02*"]),
            ("\(String(repeating: "5", count: 41))*", ["\(String(repeating: "5", count: 41))*"]), ("*?0?", ["?*0?"]),
            ("*", ["*"]),
        ] as [(String, [String])]
    )
    func hardwareAddresses(text: String, expected: [String]) throws {
        var (value, room) = (SearchText(), SearchText.Room())
        try value.add(text, &room)
        let patterns = HardwareAddressPattern.normalSpellings(of: try #require(value.patterns.first))
        #expect(patterns?.map(Self.text) == expected)
    }

    @Test(
        "for xnames is one for their normal spelling, however it is written",
        arguments: [
            ("X1c0*", "x001c0*"), ("x1*", "x1*"), ("x01000c00s*", "x1000c0s*"), ("*s01b00n0", "*s1b0n0"),
            ("*01", "*01"),
            ("x1?c00s0*", "x1?c0s0*"), ("x[1-3]c0*", "x001c0*"),
        ]
    )
    func xnames(text: String, expected: String) throws {
        var (value, room) = (SearchText(), SearchText.Room())
        try value.add(text, &room)
        #expect(Self.text(XNamePattern.normalSpelling(of: try #require(value.patterns.first))) == expected)
    }

    private static func text(_ pattern: SearchText.Pattern) -> String {
        pattern.reduce(into: "") { text, piece in
            switch piece {
            case .text(let part): text += part
            case .anyRun: text += "*"
            case .anyCharacter: text += "?"
            }
        }
    }

    /// The definition, in as much time as it takes.
    private static func matches(_ text: ArraySlice<Character>, _ glob: ArraySlice<Character>) -> Bool {
        guard let first = glob.first else { return text.isEmpty }
        switch first {
        case "*":
            return matches(text, glob.dropFirst()) || (!text.isEmpty && matches(text.dropFirst(), glob))
        case "?": return !text.isEmpty && matches(text.dropFirst(), glob.dropFirst())
        case "\\": return text.first == glob.dropFirst().first && matches(text.dropFirst(), glob.dropFirst(2))
        default: return text.first == first && matches(text.dropFirst(), glob.dropFirst())
        }
    }

    @Test("matches as its definition says, in texts of characters of one to four bytes")
    func globs() throws {
        var random = SeededGenerator()
        for _ in 0..<20_000 {
            let letters: [Character] = ["a", "b", "é", "✓", "𝄞"]
            let text = (0..<Int.random(in: 0..<9, using: &random)).map { _ in letters.randomElement(using: &random)! }
            let glob = (0..<Int.random(in: 0..<7, using: &random)).map { _ -> String in
                ["*", "*", "?", #"\*"#, #"\é"#, String(letters.randomElement(using: &random)!)]
                    .randomElement(using: &random)!
            }.joined()
            let found = try Array(String(text).utf8).withUnsafeBytes { text in
                try Array(glob.utf8).withUnsafeBytes { try SearchPattern.matches(text, $0) }
            }
            #expect(found == Self.matches(text[...], Array(glob)[...]), "\(random): \(String(text)) \(glob)")
        }
    }
}
