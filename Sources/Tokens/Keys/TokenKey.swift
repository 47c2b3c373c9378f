import Crypto
import Schema

/// The secret that tokens are signed with: HS256, RFC 7518, section 3.2.
package struct TokenKey: Sendable {
    /// How long a secret should be at least, in bytes; RFC 7518, section 3.2.
    package static let recommendedLength = 32

    /// Length of the secret in bytes.
    package let length: Int
    private let key: SymmetricKey

    /// - Parameter secret: Raw bytes, at least one.
    package init(secret: [UInt8]) {
        precondition(!secret.isEmpty, "an empty secret is no secret")
        length = secret.count
        key = SymmetricKey(data: secret)
    }

    private static let header = Base64URL.encode(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))

    /// Makes a token.
    package func sign(_ claims: TokenClaims) -> String {
        let text = "\(Self.header).\(Base64URL.encode(claims.json.bytes))"
        return "\(text).\(Base64URL.encode(code(of: Array(text.utf8))))"
    }

    /// The signature of a text.
    func code(of text: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: text, using: key))
    }

    /// Whether a text was signed with this secret.
    func verifies(_ signature: [UInt8], of text: some Collection<UInt8>) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: Array(text), using: key)
    }
}
