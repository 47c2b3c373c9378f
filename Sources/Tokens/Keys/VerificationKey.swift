import Crypto
import CryptoExtras
import Schema

/// One public key of a set (RFC 7517) that signatures of tokens can be verified with.
package struct VerificationKey: Sendable {
    /// The name by which tokens say which key they are signed with (RFC 7517, section 4.5).
    package let kid: String
    /// What it may be used for. It is the key that says so and never the token, which could be signed with HS256 and the bytes
    /// of a public key.
    package let algorithms: Set<SignatureAlgorithm>
    /// The key as it was written, which tells it from another one.
    let jwk: JSONObject
    let material: Material

    /// The numbers of a key.
    enum Material: Sendable {
        case rsa(_RSA.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
    }

    /// Whether a text was signed with this key by an algorithm that it is for.
    func verifies(_ signature: [UInt8], of text: some Collection<UInt8>, by algorithm: SignatureAlgorithm) -> Bool {
        guard algorithms.contains(algorithm) else { return false }
        do {
            return try isSignature(signature, of: Array(text), algorithm)
        } catch {
            // It has another length than signatures of the curve have (RFC 7518, section 3.4).
            return false
        }
    }

    /// - Throws: For a signature of a curve that has another length.
    private func isSignature(_ signature: [UInt8], of text: [UInt8], _ algorithm: SignatureAlgorithm) throws -> Bool {
        switch (algorithm, material) {
        case (.rs256, .rsa(let key)): return Self.isPKCS1(signature, of: SHA256.hash(data: text), key)
        case (.rs384, .rsa(let key)): return Self.isPKCS1(signature, of: SHA384.hash(data: text), key)
        case (.rs512, .rsa(let key)): return Self.isPKCS1(signature, of: SHA512.hash(data: text), key)
        case (.ps256, .rsa(let key)): return Self.isPSS(signature, of: SHA256.hash(data: text), key)
        case (.ps384, .rsa(let key)): return Self.isPSS(signature, of: SHA384.hash(data: text), key)
        case (.ps512, .rsa(let key)): return Self.isPSS(signature, of: SHA512.hash(data: text), key)
        case (.es256, .p256(let key)):
            return key.isValidSignature(try .init(rawRepresentation: signature), for: SHA256.hash(data: text))
        case (.es384, .p384(let key)):
            return key.isValidSignature(try .init(rawRepresentation: signature), for: SHA384.hash(data: text))
        case (.es512, .p521(let key)):
            return key.isValidSignature(try .init(rawRepresentation: signature), for: SHA512.hash(data: text))
        case (.edDSA, .ed25519(let key)): return key.isValidSignature(signature, for: text)
        default: return false
        }
    }

    /// RFC 7518, section 3.3.
    private static func isPKCS1(_ signature: [UInt8], of digest: some Digest, _ key: _RSA.Signing.PublicKey) -> Bool {
        key.isValidSignature(.init(rawRepresentation: signature), for: digest, padding: .insecurePKCS1v1_5)
    }

    /// RFC 7518, section 3.5.
    private static func isPSS(_ signature: [UInt8], of digest: some Digest, _ key: _RSA.Signing.PublicKey) -> Bool {
        key.isValidSignature(.init(rawRepresentation: signature), for: digest, padding: .PSS)
    }
}
