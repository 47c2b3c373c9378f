package import Crypto
package import Inventory
package import Records
import Replication
package import Scheduling

/// Servers that share a log, and what they seal passwords with.
extension InventoryStore {
    /// Whether this server copies its snapshots elsewhere: of those that share a log, the one that leads.
    package var copiesSnapshots: Bool { replica.map { $0.role == .leader } ?? true }

    /// Has another one of the servers that share the log accept writes.
    ///
    /// - Throws: ``Refusal`` where this one does not lead, or there is no server at the address.
    package func moveLead(to url: String) async throws { try await committer.moveLead(to: url) }

    /// The keys by which servers that share a log know each other's requests; the first signs.
    package var replicaKeys: [SymmetricKey] { intake.sealer.replicaKeys }

    /// A resource with its secrets, by the JSON pointers of the strings that stand for them.
    ///
    /// - Returns: Both, and the number of the transaction as of which they are so; nil when there is no such resource.
    /// - Throws: ``Refusal`` for what another key has sealed.
    package func credentials(_ kind: Kind, _ reference: Kind.Reference) throws(Refusal) -> (
        stored: StoredResource, secrets: [String: String], sequence: UInt64
    )? {
        let beginning = sequence
        guard let (_, stored) = directory.resource(kind, reference: reference) else { return nil }
        var secrets: [String: String] = [:]
        do throws(SecretError) {
            for (pointer, secret) in stored.secrets.all { secrets[pointer] = try intake.sealer.open(secret) }
        } catch {
            throw Refusal(.unavailable, "\(error)")
        }
        return (stored, secrets, max(beginning, stored.version))
    }

    /// Seals all secrets with a new key, and keeps the old one until nothing that is kept needs it.
    package func rotateCredentialKey(for caller: Caller) async throws -> CredentialRotation {
        try await credentialKeys.rotate(
            for: caller,
            agreeing: { [committer] in try await committer.seal(with: $0, from: $1) }
        ) {
            [self] in try await commit($0)
        }
    }

    /// Has the credential keys that their file or command gives now take the place of those in force. The log says what is wrong
    /// with them.
    package func readCredentialKeysAgain() async {
        await credentialKeys.readAgain(isAsked: true)
    }
}
