package import Crypto
import Foundation
package import Inventory
import Records
import Synchronization

/// Seals the secrets of documents as they enter, so that nothing behind it ever sees one.
///
/// AES-256-GCM with the first of some keys; what the others have sealed can be opened. The key's id stands with each value, so
/// that a wrong key is told from a damaged value.
package final class SecretSealer: Sendable {
    private struct Ring {
        /// By their ids.
        let keys: [String: SymmetricKey]
        let first: CredentialKey
        /// What the secrets begin with that the first key has sealed.
        let mark: String

        init(_ keys: [CredentialKey]) {
            guard let first = keys.first else { preconditionFailure("there is a key") }
            self.first = first
            self.keys = Dictionary(keys.map { ($0.id, SymmetricKey(data: $0.bytes)) }) { first, _ in first }
            mark = "v1.\(first.id)."
        }
    }

    private let ring: Mutex<Ring>

    /// - Parameter keys: At least one; the first seals.
    package init(_ keys: [CredentialKey]) {
        ring = Mutex(Ring(keys))
    }

    /// Has these keys take the place of those that there were.
    ///
    /// - Parameter id: The one that seals, if it is there; otherwise the first does.
    func use(_ keys: [CredentialKey], sealingWith id: String? = nil) {
        let new = Ring(keys.filter { $0.id == id } + keys.filter { $0.id != id })
        ring.withLock { $0 = new }
    }

    /// What tells the key that seals from others.
    package var keyID: String { ring.withLock(\.first.id) }

    /// The keys by which servers that share a log know each other's requests: made of those that seal, by a name for the purpose
    /// (HKDF, RFC 5869); the first of the one that seals.
    package var replicaKeys: [SymmetricKey] {
        let purpose = "node-orchestrator requests of replicas"
        let ring = ring.withLock(\.self)
        return ring.keys.sorted { $0.key == ring.first.id && $1.key != ring.first.id }.map { _, key in
            HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Data(purpose.utf8), outputByteCount: 32)
        }
    }

    /// The first of ``replicaKeys`` that a server with some keys has; nil where it has none.
    ///
    /// - Parameter id: The key that seals, if it is there; otherwise the first does.
    package static func replicaKey(_ keys: [CredentialKey], sealingWith id: String?) -> SymmetricKey? {
        guard !keys.isEmpty else { return nil }
        let sealer = SecretSealer(keys)
        sealer.use(keys, sealingWith: id)
        return sealer.replicaKeys.first
    }

    /// Seals one secret; equal ones give different texts.
    package func seal(_ secret: String) throws(SecretError) -> SealedSecret {
        let ring = ring.withLock(\.self)
        guard let key = ring.keys[ring.first.id] else { preconditionFailure("the first key is one of all") }
        do {
            let box = try AES.GCM.seal(Array(secret.utf8), using: key, nonce: Self.newNonce())
            guard let combined = box.combined else { throw SecretError.damaged }
            return SealedSecret(ring.mark + combined.base64EncodedString())
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

    /// Whether the key that seals has sealed each of a resource's secrets.
    func hasSealed(_ secrets: SealedSecrets) -> Bool {
        secrets.isEmpty || secrets.allBegin(with: ring.withLock(\.mark))
    }

    /// Whether each of a resource's secrets can be opened with one of the keys, as far as their ids say.
    func hasKeys(of secrets: SealedSecrets) -> Bool {
        let keys = ring.withLock(\.keys)
        return secrets.all.allSatisfy { keys[$0.secret.keyID] != nil }
    }

    /// A resource's secrets, sealed with the key that seals. What cannot be opened stays as it is.
    func resealed(_ secrets: SealedSecrets) -> SealedSecrets {
        guard !hasSealed(secrets) else { return secrets }
        return SealedSecrets(secrets.all.map { ($0.pointer, resealed($0.secret)) })
    }

    private func resealed(_ secret: SealedSecret) -> SealedSecret {
        guard secret.keyID != keyID else { return secret }
        do {
            return try seal(open(secret))
        } catch {
            return secret
        }
    }

    /// The secret that was sealed.
    ///
    /// - Throws: ``SecretError`` when another key sealed it, or when it is damaged.
    package func open(_ sealed: SealedSecret) throws(SecretError) -> String {
        let parts = sealed.description.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "v1", let box = Data(base64Encoded: String(parts[2])) else {
            throw .damaged
        }
        guard let key = ring.withLock({ $0.keys[String(parts[1])] }) else { throw .otherKey(String(parts[1])) }
        do {
            return String(decoding: try AES.GCM.open(AES.GCM.SealedBox(combined: box), using: key), as: UTF8.self)
        } catch {
            throw .damaged
        }
    }
}
