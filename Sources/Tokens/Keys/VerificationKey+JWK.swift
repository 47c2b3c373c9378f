import Crypto
import CryptoExtras
import Foundation
import Schema

/// Why a key of a set is not used; the end of a sentence about the key.
struct UnusableKey: Error, Equatable {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

extension VerificationKey {
    /// How large the modulus of a key of RSA is, in bits: RFC 7518, section 3.3, and what can be verified in little time.
    private static let rsaSizes = 2048...8192
    /// Members that only a private key has (RFC 7518, section 6).
    private static let privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

    /// Reads a key of a set.
    init(jwk: JSONValue) throws(UnusableKey) {
        guard case .object(let object) = jwk else { throw UnusableKey("it is no object") }
        guard let kid = object["kid"]?.string, !kid.isEmpty else { throw UnusableKey("it has no kid") }
        guard let type = object["kty"]?.string else { throw UnusableKey("it has no kty") }
        guard type != "oct" else { throw UnusableKey("it is a secret, not a public key") }
        guard !Self.privateMembers.contains(where: { object[$0] != nil }) else {
            throw UnusableKey("it has its private part, so whoever can read it can make tokens")
        }
        if let use = object["use"], use.string != "sig" { throw UnusableKey("its use is not sig") }
        if let operations = object["key_ops"], !operations.array.contains(.string("verify")) {
            throw UnusableKey("its key_ops have no verify")
        }
        let (material, possible) = try Self.material(of: type, object)
        self.kid = kid
        self.jwk = object
        self.material = material
        algorithms = try Self.algorithms(object["alg"], of: possible)
    }

    private static func algorithms(
        _ value: JSONValue?,
        of possible: Set<SignatureAlgorithm>
    ) throws(UnusableKey) -> Set<SignatureAlgorithm> {
        guard let value else { return possible }
        guard let algorithm = value.string.flatMap(SignatureAlgorithm.init), possible.contains(algorithm) else {
            throw UnusableKey("its alg is not one of \(possible.map(\.rawValue).sorted().joined(separator: ", "))")
        }
        return [algorithm]
    }

    /// The key itself, with the algorithms that it can be used for.
    private static func material(
        of type: String,
        _ object: JSONObject
    ) throws(UnusableKey) -> (Material, Set<SignatureAlgorithm>) {
        do {
            switch (type, object["crv"]?.string) {
            case ("RSA", _): return (.rsa(try rsaKey(object)), SignatureAlgorithm.rsa)
            case ("EC", "P-256"): return (.p256(try .init(x963Representation: point(object, length: 32))), [.es256])
            case ("EC", "P-384"): return (.p384(try .init(x963Representation: point(object, length: 48))), [.es384])
            case ("EC", "P-521"): return (.p521(try .init(x963Representation: point(object, length: 66))), [.es512])
            case ("OKP", "Ed25519"):
                return (.ed25519(try .init(rawRepresentation: number(object, "x", length: 32))), [.edDSA])
            case ("EC", _), ("OKP", _): throw UnusableKey("its crv is none of P-256, P-384, P-521 and Ed25519")
            default: throw UnusableKey("its kty is none of RSA, EC and OKP")
            }
        } catch let error as UnusableKey {
            throw error
        } catch {
            throw UnusableKey("its numbers are no key")
        }
    }

    private static func rsaKey(_ object: JSONObject) throws -> _RSA.Signing.PublicKey {
        let modulus = try number(object, "n").drop { $0 == 0 }
        let size = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        guard rsaSizes.contains(size) else {
            throw UnusableKey("it has \(size) bits, not \(rsaSizes.lowerBound) to \(rsaSizes.upperBound)")
        }
        return try _RSA.Signing.PublicKey(n: Data(modulus), e: Data(try number(object, "e")))
    }

    /// A point of a curve as SEC 1, section 2.3.3, has it, not compressed.
    private static func point(_ object: JSONObject, length: Int) throws -> [UInt8] {
        [0x04] + (try number(object, "x", length: length)) + (try number(object, "y", length: length))
    }

    private static func number(_ object: JSONObject, _ name: String, length: Int? = nil) throws(UnusableKey) -> [UInt8]
    {
        guard let text = object[name]?.string, let bytes = Base64URL.decode(text.utf8), !bytes.isEmpty else {
            throw UnusableKey("its \(name) is missing or not base64url")
        }
        guard length ?? bytes.count == bytes.count else {
            throw UnusableKey("its \(name) has \(bytes.count) bytes, not \(length ?? 0)")
        }
        return bytes
    }
}
