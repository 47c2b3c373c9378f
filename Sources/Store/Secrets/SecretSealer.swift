import Crypto
import Foundation
package import Inventory
import Records
import Schema

/// Seals the secrets of documents as they enter, so that nothing behind it ever sees one.
///
/// AES-256-GCM with a key from a file that only the server's user can read. The key's id, the first eight hexadecimal
/// digits of its SHA-256, stands with each value, so that a wrong key is told from a damaged value.
package struct SecretSealer: Sendable {
    private let key: SymmetricKey
    /// What tells the key from others.
    package let keyID: String
    /// What the secrets begin with that the key has sealed.
    private let mark: String

    /// - Parameter key: 32 random bytes.
    package init(key: [UInt8]) throws(SecretError) {
        guard key.count == 32 else { throw .malformedKey }
        self.key = SymmetricKey(data: key)
        keyID = SHA256.hash(data: key).prefix(4).hexadecimal
        mark = "v1.\(keyID)."
    }

    /// Seals one secret; equal ones give different texts.
    package func seal(_ secret: String) throws(SecretError) -> SealedSecret {
        do {
            let box = try AES.GCM.seal(Array(secret.utf8), using: key, nonce: Self.newNonce())
            guard let combined = box.combined else { throw SecretError.damaged }
            return SealedSecret(mark + combined.base64EncodedString())
        } catch {
            throw .damaged
        }
    }

    /// 96 random bits, asked of the system at once; swift-crypto asks twice.
    private static func newNonce() throws -> AES.GCM.Nonce {
        var nonce = Data(count: 12)
        let failed = nonce.withUnsafeMutableBytes { getentropy($0.baseAddress!, $0.count) } != 0
        precondition(!failed, "the system has no random numbers")
        return try AES.GCM.Nonce(data: nonce)
    }

    /// Whether the key has sealed each of a resource's secrets.
    func hasSealed(_ secrets: SealedSecrets) -> Bool {
        secrets.allBegin(with: mark)
    }

    /// The secret that was sealed.
    ///
    /// - Throws: ``SecretError`` when another key sealed it, or when it is damaged.
    package func open(_ sealed: SealedSecret) throws(SecretError) -> String {
        let parts = sealed.description.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "v1", let box = Data(base64Encoded: String(parts[2])) else {
            throw .damaged
        }
        guard parts[1] == keyID else { throw .otherKey(String(parts[1])) }
        do {
            return String(decoding: try AES.GCM.open(AES.GCM.SealedBox(combined: box), using: key), as: UTF8.self)
        } catch {
            throw .damaged
        }
    }
}

/// Why a secret cannot be sealed or opened.
package enum SecretError: Error, Equatable, CustomStringConvertible {
    case malformedKey
    case otherKey(String)
    case damaged

    package var description: String {
        switch self {
        case .malformedKey: "The credential key is not 32 bytes long."
        case .otherKey(let id): "The secret was sealed with another credential key, \(id)."
        case .damaged: "The sealed secret is damaged."
        }
    }
}
