import Foundation
import Testing

@testable import API

@Suite("A key of tokens")
struct TokenKeyTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    private static func token(of key: TokenKey, _ subject: String) async throws -> String {
        try await key.sign(TokenClaims(subject: subject, issued: now, lifetime: 60))
    }

    @Test func `A token that was good before is not once its time is over`() async throws {
        let key = await TokenKey(secret: [1])
        let token = try await Self.token(of: key, "alice")
        #expect(await key.isValid(token, at: Self.now))
        #expect(await key.isValid(token, at: Self.now + 89))
        #expect(await key.isValid(token, at: Self.now + 91) == false)
        #expect(await key.isValid(token, at: Self.now - 31) == false)
    }

    @Test func `A token that another key found good is not good for this one`() async throws {
        let (one, other) = (await TokenKey(secret: [1]), await TokenKey(secret: [2]))
        let token = try await Self.token(of: one, "alice")
        #expect(await one.isValid(token, at: Self.now))
        #expect(await other.isValid(token, at: Self.now) == false)
    }

    @Test func `More tokens than are remembered keep their subjects`() async throws {
        let key = await TokenKey(secret: [1])
        for number in 0..<1500 {
            let token = try await Self.token(of: key, "user\(number)")
            for _ in 0..<2 { #expect(try await key.claims(of: token).sub == "user\(number)") }
        }
    }
}
