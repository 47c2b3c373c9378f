import Crypto
import Foundation
import GuardedFiles
import Testing

@testable import Tokens

@Suite("The memory of tokens that were good")
struct VerifiedTokensTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    private static func claims(_ subject: String, lifetime: TimeInterval = 60) -> TokenClaims {
        TokenClaims(subject: subject, issued: now, lifetime: lifetime)
    }

    private static func token(_ subject: String, lifetime: TimeInterval = 60) -> VerifiedToken {
        let identity = Identity(subject: subject, roles: [.viewer], hasStandardRole: false)
        return VerifiedToken(claims: claims(subject, lifetime: lifetime), identity: identity)
    }

    private static func digest(_ text: String) -> SHA256Digest { SHA256.hash(data: Array(text.utf8)) }

    @Test("forgets tokens when they end, also those that nobody shows any more")
    func end() {
        let tokens = VerifiedTokens()
        for (name, lifetime) in [("short", 10.0), ("long", 1000), ("longer", 2000)] {
            tokens.add(Self.digest(name), Self.token(name, lifetime: lifetime), generation: 0, at: Self.now)
        }
        #expect(tokens.token(Self.digest("short"), generation: 0, at: Self.now + 39)?.claims.sub == "short")
        #expect(tokens.token(Self.digest("long"), generation: 0, at: Self.now + 40)?.claims.sub == "long")
        #expect(tokens.count == 2)
        #expect(tokens.token(Self.digest("short"), generation: 0, at: Self.now) == nil)
        #expect(tokens.token(Self.digest("longer"), generation: 0, at: Self.now + 1030)?.claims.sub == "longer")
        #expect(tokens.count == 1)
        tokens.add(Self.digest("over"), Self.token("over", lifetime: 1), generation: 0, at: Self.now + 31)
        #expect(tokens.count == 1)
    }

    @Test("forgets all tokens when keys change, and takes none of earlier keys")
    func keys() {
        let tokens = VerifiedTokens()
        tokens.add(Self.digest("a"), Self.token("a"), generation: 1, at: Self.now)
        #expect(tokens.token(Self.digest("a"), generation: 1, at: Self.now)?.claims.sub == "a")
        #expect(tokens.token(Self.digest("a"), generation: 2, at: Self.now) == nil)
        #expect(tokens.count == 0)
        tokens.add(Self.digest("a"), Self.token("a"), generation: 1, at: Self.now)
        #expect(tokens.count == 0)
    }

    @Test("has no more tokens than there is room for, and none that is not good")
    func room() async throws {
        let key = TokenKey(secret: [1])
        let verifier = TokenVerifier(secret: WatchedValue(key))
        let first = key.sign(Self.claims("user0"))
        for number in 0..<(VerifiedTokens.maximumCount + 10) {
            let token = key.sign(Self.claims("user\(number)"))
            for _ in 0..<2 { #expect(try await verifier.verify(token, at: Self.now).claims.sub == "user\(number)") }
            await #expect(throws: TokenError.unverified) { try await verifier.verify(token + "A", at: Self.now) }
            #expect(verifier.verified.count == number % VerifiedTokens.maximumCount + 1)
        }
        #expect(verifier.verified.token(Self.digest(first), generation: 0, at: Self.now) == nil)
        #expect(try await verifier.verify(first, at: Self.now).claims.sub == "user0")
    }

    @Test("does not take another spelling of a token's letters for the token")
    func spelling() async throws {
        let key = TokenKey(secret: [1])
        let verifier = TokenVerifier(secret: WatchedValue(key))
        var number = 0
        var token = ""
        repeat {
            token = key.sign(Self.claims("alice\(number)"))
            number += 1
        } while !token.contains("K")
        #expect(try await verifier.verify(token, at: Self.now).claims.iss == TokenClaims.standardParty)
        // The Kelvin sign, which Unicode has as equal to the letter.
        let other = token.replacing("K", with: "\u{212A}", maxReplacements: 1)
        #expect(token == other)
        await #expect(throws: TokenError.unverified) { try await verifier.verify(other, at: Self.now) }
    }
}
