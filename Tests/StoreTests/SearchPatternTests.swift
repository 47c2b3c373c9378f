import TestSupport
import Testing

@testable import Store

@Suite("A pattern")
struct SearchPatternTests {
    private func pattern(_ text: String) throws -> SearchPattern {
        var (value, room) = (SearchText(), SearchText.Room())
        try value.add(text, &room)
        return SearchPattern(try #require(value.patterns.first)) { $0 }
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
