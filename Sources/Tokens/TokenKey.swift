package import Foundation
import JWTKit
import Synchronization

/// The secret that tokens are signed with: HS256, RFC 7518.
package struct TokenKey: Sendable {
    /// How long a secret should be at least, in bytes; RFC 7518, section 3.2.
    package static let recommendedLength = 32

    /// Length of the secret in bytes.
    package let length: Int
    private let keys: JWTKeyCollection
    let verified = VerifiedTokens()

    /// - Parameter secret: Raw bytes, at least one.
    package init(secret: [UInt8]) async {
        precondition(!secret.isEmpty, "an empty secret is no secret")
        length = secret.count
        // HMAC fills a short key with zeros up to its block of 64 bytes (RFC 2104), so filling it up here changes no
        // signature; the library wants at least 32.
        let padding = [UInt8](repeating: 0, count: max(0, Self.recommendedLength - secret.count))
        keys = await JWTKeyCollection().add(hmac: HMACKey(from: secret + padding), digestAlgorithm: .sha256)
    }

    /// Makes a token.
    package func sign(_ claims: TokenClaims) async throws -> String {
        try await keys.sign(claims)
    }

    /// The claims of a token whose signature is this key's; the claims themselves are not looked at.
    ///
    /// - Throws: ``TokenError``.
    package func claims(of token: String) async throws(TokenError) -> TokenClaims {
        let bytes = Array(token.utf8)
        if let claims = verified.claims(of: bytes) { return claims }
        let claims = try await verify(bytes)
        verified.add(bytes, claims)
        return claims
    }

    private func verify(_ bytes: [UInt8]) async throws(TokenError) -> TokenClaims {
        do {
            let header = try DefaultJWTParser().parse(bytes, as: AnyClaims.self).header
            guard header.alg == "HS256" else {
                throw TokenError("its algorithm is \(header.alg ?? "missing"), not HS256")
            }
            // RFC 7515, section 4.1.11: it lists what must be understood, which is nothing that there is here.
            guard header.fields["crit"] == nil else {
                throw TokenError(
                    "its header has crit, which names extensions that must be understood, and this server understands none"
                )
            }
            return try await keys.verify(bytes, as: TokenClaims.self)
        } catch let error as TokenError {
            throw error
        } catch let error as JWTError where error.errorType == .signatureVerificationFailed {
            throw TokenError("another key signed it")
        } catch {
            throw TokenError("it is not a JWT")
        }
    }
}

/// What tokens say whose signature was found good: clients send the same one with each request, and to verify it costs
/// more than most of what they ask for.
final class VerifiedTokens: Sendable {
    // By their bytes, since strings are equal that are not the same.
    private let tokens = Mutex<[[UInt8]: TokenClaims]>([:])
    /// With one more all are forgotten.
    static let maximumCount = 1024

    var count: Int { tokens.withLock(\.count) }

    func claims(of token: [UInt8]) -> TokenClaims? {
        tokens.withLock { $0[token] }
    }

    func add(_ token: [UInt8], _ claims: TokenClaims) {
        tokens.withLock { tokens in
            if tokens.count == Self.maximumCount { tokens.removeAll(keepingCapacity: true) }
            tokens[token] = claims
        }
    }
}

/// Claims that are not looked at.
private struct AnyClaims: JWTPayload {
    func verify(using algorithm: some JWTAlgorithm) {}
}

/// What is wrong with a token.
package struct TokenError: Error, Equatable {
    /// The end of a sentence about the token.
    package let message: String

    init(_ message: String) {
        self.message = message
    }
}

extension TokenKey {
    /// Whether this key signed a token that may be used at a time.
    package func isValid(_ token: String, at time: Date) async -> Bool {
        do throws(TokenError) {
            try await claims(of: token).check(at: time)
            return true
        } catch {
            return false
        }
    }
}
