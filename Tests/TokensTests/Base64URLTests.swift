import Testing

@testable import Tokens

@Suite("Base64url")
struct Base64URLTests {
    @Test("reads what it writes", arguments: 0..<70)
    func bytes(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 151 + count) }
        #expect(Base64URL.decode(Base64URL.encode(bytes).utf8) == bytes)
    }

    @Test(
        "has one spelling for each text",
        arguments: ["A", "AAAAA", "AB", "AAB", "AA=", "AA==", "A+", "A/", "A A", "A\n"]
    )
    func spellings(text: String) {
        #expect(Base64URL.decode(text.utf8) == nil)
    }
}
