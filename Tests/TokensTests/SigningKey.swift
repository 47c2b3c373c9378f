import Crypto
import CryptoExtras
import Foundation
import Schema

@testable import Tokens

/// A key of a test that signs tokens, with the public key that verifies them.
struct SigningKey: Sendable {
    let algorithm: SignatureAlgorithm
    let kid: String
    /// The public key as its issuer publishes it, without `alg`.
    let jwk: JSONObject
    private let signature: @Sendable ([UInt8]) throws -> [UInt8]

    /// The secret of tokens of HS256.
    static let secret = Array("a secret of the test, long enough".utf8)
    /// One for all, since it takes long to make one.
    static let rsa = Result { try _RSA.Signing.PrivateKey(keySize: .bits2048) }

    init(_ algorithm: SignatureAlgorithm) throws {
        let kid = "key of \(algorithm.rawValue)"
        self.algorithm = algorithm
        self.kid = kid
        func jwk(_ type: String, _ curve: String?, _ numbers: [(String, [UInt8])]) -> JSONObject {
            var object: JSONObject = ["kty": .string(type), "kid": .string(kid), "use": "sig"]
            object["crv"] = curve.map(JSONValue.string)
            for (name, bytes) in numbers { object[name] = .string(Base64URL.encode(bytes)) }
            return object
        }
        func point(_ x963: Data) -> [(String, [UInt8])] {
            let length = x963.count / 2
            return [("x", Array(x963.dropFirst().prefix(length))), ("y", Array(x963.suffix(length)))]
        }
        switch algorithm {
        case .hs256:
            self.jwk = jwk("oct", nil, [("k", Self.secret)])
            signature = { Array(HMAC<SHA256>.authenticationCode(for: $0, using: SymmetricKey(data: Self.secret))) }
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512:
            let key = try Self.rsa.get()
            let numbers = try key.publicKey.getKeyPrimitives()
            self.jwk = jwk("RSA", nil, [("n", Array(numbers.modulus)), ("e", Array(numbers.publicExponent))])
            let padding: _RSA.Signing.Padding = algorithm.rawValue.hasPrefix("P") ? .PSS : .insecurePKCS1v1_5
            signature = { text in
                switch algorithm.rawValue.suffix(3) {
                case "256": try Array(key.signature(for: SHA256.hash(data: text), padding: padding).rawRepresentation)
                case "384": try Array(key.signature(for: SHA384.hash(data: text), padding: padding).rawRepresentation)
                default: try Array(key.signature(for: SHA512.hash(data: text), padding: padding).rawRepresentation)
                }
            }
        case .es256:
            let key = P256.Signing.PrivateKey()
            self.jwk = jwk("EC", "P-256", point(key.publicKey.x963Representation))
            signature = { Array(try key.signature(for: SHA256.hash(data: $0)).rawRepresentation) }
        case .es384:
            let key = P384.Signing.PrivateKey()
            self.jwk = jwk("EC", "P-384", point(key.publicKey.x963Representation))
            signature = { Array(try key.signature(for: SHA384.hash(data: $0)).rawRepresentation) }
        case .es512:
            let key = P521.Signing.PrivateKey()
            self.jwk = jwk("EC", "P-521", point(key.publicKey.x963Representation))
            signature = { Array(try key.signature(for: SHA512.hash(data: $0)).rawRepresentation) }
        case .edDSA:
            let key = Curve25519.Signing.PrivateKey()
            self.jwk = jwk("OKP", "Ed25519", [("x", Array(key.publicKey.rawRepresentation))])
            signature = { Array(try key.signature(for: $0)) }
        }
    }

    /// A header as issuers write it.
    var header: String { #"{"alg":"\#(algorithm.rawValue)","typ":"JWT","kid":"\#(kid)"}"# }

    /// A token with any header and claims.
    func token(_ claims: String, header: String? = nil) throws -> String {
        let text = "\(Base64URL.encode(Array((header ?? self.header).utf8))).\(Base64URL.encode(Array(claims.utf8)))"
        return "\(text).\(Base64URL.encode(try signature(Array(text.utf8))))"
    }
}
