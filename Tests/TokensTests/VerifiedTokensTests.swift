import Crypto
import Foundation
import Testing

@testable import Tokens

@Suite("The memory of tokens that were good")
struct VerifiedTokensTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    private static func claims(_ subject: String, lifetime: TimeInterval = 60) -> TokenClaims {
        TokenClaims(subject: subject, issued: now, lifetime: lifetime)
    }

    private static func digest(_ text: String) -> SHA256Digest { SHA256.hash(data: Array(text.utf8)) }

    @Test("forgets tokens when they end, also those that nobody shows any more")
    func end() {
        let tokens = VerifiedTokens()
        for (name, lifetime) in [("short", 10.0), ("long", 1000), ("longer", 2000)] {
            tokens.add(Self.digest(name), Self.claims(name, lifetime: lifetime), generation: 0, at: Self.now)
        }
        #expect(tokens.claims(of: Self.digest("short"), generation: 0, at: Self.now + 39)?.sub == "short")
        #expect(tokens.claims(of: Self.digest("long"), generation: 0, at: Self.now + 40)?.sub == "long")
        #expect(tokens.count == 2)
        #expect(tokens.claims(of: Self.digest("short"), generation: 0, at: Self.now) == nil)
        #expect(tokens.claims(of: Self.digest("longer"), generation: 0, at: Self.now + 1030)?.sub == "longer")
        #expect(tokens.count == 1)
        tokens.add(Self.digest("over"), Self.claims("over", lifetime: 1), generation: 0, at: Self.now + 31)
        #expect(tokens.count == 1)
    }

    @Test("forgets all tokens when keys change, and takes none of earlier keys")
    func keys() {
        let tokens = VerifiedTokens()
        tokens.add(Self.digest("a"), Self.claims("a"), generation: 1, at: Self.now)
        #expect(tokens.claims(of: Self.digest("a"), generation: 1, at: Self.now)?.sub == "a")
        #expect(tokens.claims(of: Self.digest("a"), generation: 2, at: Self.now) == nil)
        #expect(tokens.count == 0)
        tokens.add(Self.digest("a"), Self.claims("a"), generation: 1, at: Self.now)
        #expect(tokens.count == 0)
    }

    @Test("has no more tokens than there is room for, and none that is not good")
    func room() async throws {
        let key = TokenKey(secret: [1])
        let verifier = TokenVerifier(secret: key)
        let first = key.sign(Self.claims("user0"))
        for number in 0..<(VerifiedTokens.maximumCount + 10) {
            let token = key.sign(Self.claims("user\(number)"))
            for _ in 0..<2 { #expect(try await verifier.claims(of: token, at: Self.now).sub == "user\(number)") }
            await #expect(throws: TokenError.unverified) { try await verifier.claims(of: token + "A", at: Self.now) }
            #expect(verifier.verified.count == number % VerifiedTokens.maximumCount + 1)
        }
        #expect(verifier.verified.claims(of: Self.digest(first), generation: 0, at: Self.now) == nil)
        #expect(try await verifier.claims(of: first, at: Self.now).sub == "user0")
    }

    @Test("does not take another spelling of a token's letters for the token")
    func spelling() async throws {
        let key = TokenKey(secret: [1])
        let verifier = TokenVerifier(secret: key)
        var number = 0
        var token = ""
        repeat {
            token = key.sign(Self.claims("alice\(number)"))
            number += 1
        } while !token.contains("K")
        #expect(try await verifier.claims(of: token, at: Self.now).iss == TokenClaims.standardParty)
        // The Kelvin sign, which Unicode has as equal to the letter.
        let other = token.replacing("K", with: "\u{212A}", maxReplacements: 1)
        #expect(token == other)
        await #expect(throws: TokenError.unverified) { try await verifier.claims(of: other, at: Self.now) }
    }
}
