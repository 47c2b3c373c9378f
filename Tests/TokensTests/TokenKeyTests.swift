import Foundation
import Testing

@testable import Tokens

@Suite("A key of tokens")
struct TokenKeyTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    private static func token(of key: TokenKey, _ subject: String) async throws -> String {
        try await key.sign(TokenClaims(subject: subject, issued: now, lifetime: 60))
    }

    @Test("A token that was good before is not once its time is over")
    func tokenWas() async throws {
        let key = await TokenKey(secret: [1])
        let token = try await Self.token(of: key, "alice")
        #expect(await key.isValid(token, at: Self.now))
        #expect(await key.isValid(token, at: Self.now + 89))
        #expect(await key.isValid(token, at: Self.now + 91) == false)
        #expect(await key.isValid(token, at: Self.now - 31) == false)
    }

    @Test("A token that another key found good is not good for this one")
    func tokenAnother() async throws {
        let (one, other) = (await TokenKey(secret: [1]), await TokenKey(secret: [2]))
        let token = try await Self.token(of: one, "alice")
        #expect(await one.isValid(token, at: Self.now))
        #expect(await other.isValid(token, at: Self.now) == false)
    }

    @Test("A token that was good is not taken in another spelling of its letters")
    func tokenWasGood() async throws {
        let key = await TokenKey(secret: [1])
        var number = 0
        var token = ""
        repeat {
            token = try await Self.token(of: key, "alice\(number)")
            number += 1
        } while !token.contains("K")
        #expect(await key.isValid(token, at: Self.now))
        // The Kelvin sign, which Unicode has as equal to the letter.
        let other = token.replacing("K", with: "\u{212A}", maxReplacements: 1)
        #expect(token == other)
        #expect(await key.isValid(other, at: Self.now) == false)
    }

    @Test("No more tokens are remembered than there is room for, and none that is not good")
    func moreTokens() async throws {
        let key = await TokenKey(secret: [1])
        let first = try await Self.token(of: key, "user0")
        for number in 0..<(VerifiedTokens.maximumCount + 10) {
            let token = try await Self.token(of: key, "user\(number)")
            for _ in 0..<2 { #expect(try await key.claims(of: token).sub == "user\(number)") }
            #expect(await key.isValid(token + "A", at: Self.now) == false)
            #expect(key.verified.count == number % VerifiedTokens.maximumCount + 1)
        }
        #expect(key.verified.claims(of: Array(first.utf8)) == nil)
        #expect(try await key.claims(of: first).sub == "user0")
    }
}
