import Foundation
import Inventory
import Journal
import Logging
import Records
import Scheduling

/// The keys that seal secrets, which are changed while the server runs; an old one stays until nothing that is kept needs it.
actor CredentialKeys {
    private let source: CredentialKeySource
    /// The file of the server's own keys.
    private let file: URL
    private var keys: [CredentialKey]
    private var retired: RetiredKeys
    private nonisolated let sealer: SecretSealer
    private let directory: Directory
    private let journal: PublishedJournal
    private let history: Duration?
    private let logger: Logger
    private var isRotating = false

    /// How many resources a transaction seals again, so that others write in between.
    private static let batch = 500

    /// - Parameters:
    ///   - keys: Those that the sealer has; the first seals.
    ///   - file: That of the server's own keys.
    ///   - history: How long any moment can be read, where that is said.
    init(
        _ source: CredentialKeySource,
        _ keys: [CredentialKey],
        file: URL,
        sealer: SecretSealer,
        directory: Directory,
        journal: PublishedJournal,
        history: Duration?,
        logger: Logger
    ) throws(DiskError) {
        self.source = source
        self.keys = keys
        self.file = file
        retired = try RetiredKeys(in: file.deletingLastPathComponent())
        self.sealer = sealer
        self.directory = directory
        self.journal = journal
        self.history = history
        self.logger = logger
    }

    /// Seals all secrets with a new key: one that the server makes, or the first that the file or the command gives now.
    ///
    /// - Parameter commit: Carries out a transaction.
    /// - Throws: ``Refusal`` where another rotation runs, and ``DiskError``. What was not sealed again can still be opened.
    func rotate(
        for caller: Caller,
        _ commit: @Sendable (Transaction) async throws -> Receipt
    ) async throws -> CredentialRotation {
        guard !isRotating else { throw Refusal(.conflict, "The credential key is being changed already.") }
        isRotating = true
        defer { isRotating = false }
        if let given = try await source.keys() {
            use(given)
        } else {
            let new = [CredentialKey.random()] + keys
            try Disk().replace(file, CredentialKey.text(new), permissions: 0o600)
            use(new)
        }
        let key = keys[0].id
        func reseal(_ ids: [ResourceID]) async throws -> UInt64 {
            try await commit(
                Transaction(
                    author: caller.subject,
                    origin: caller.origin,
                    reason: "sealed with the credential key \(key)",
                    ids.map { Transaction.Operation(.reseal($0)) }
                )
            ).sequence
        }
        // What others write from now on is sealed with the new key; what was worked out before is in effect behind this.
        var last = try await reseal([])
        let rest = resources(where: { !sealer.hasSealed($0) && sealer.hasKeys(of: $0) })
        for start in stride(from: 0, to: rest.count, by: Self.batch) {
            last = try await reseal(rest[start..<min(start + Self.batch, rest.count)].map(\.id))
        }
        let used = Set(rest.flatMap { $0.secrets.all.map(\.secret.keyID) })
        var needed: [String: UInt64] = [:]
        for old in keys.dropFirst() {
            needed[old.id] = used.contains(old.id) ? last : retired.needed[old.id] ?? last
        }
        try retired.set(needed)
        let rotation = CredentialRotation(
            key: key,
            resealed: rest.count,
            unreadable: resources(where: { !sealer.hasSealed($0) }).count,
            old: keys.dropFirst().map { old in
                CredentialRotation.OldKey(
                    key: old.id,
                    neededBefore: needed[old.id] ?? last,
                    until: history.map { Date() + $0 / .seconds(1) }
                )
            }
        )
        logger.notice(
            "the credential key was changed",
            metadata: [
                "key": "\(key)", "resources": .stringConvertible(rest.count),
                "unreadable": .stringConvertible(rotation.unreadable),
            ]
        )
        return rotation
    }

    /// Forgets the keys that nothing needs any more which is kept.
    ///
    /// - Parameter oldestSnapshot: Gives the last transaction of the oldest snapshot; nil where there is none.
    func forgetOld(oldestSnapshot: @Sendable () async throws -> UInt64?) async throws {
        guard !isRotating, let earliest = retired.needed.values.min(), journal.oldest >= earliest else { return }
        let oldest = min(journal.oldest, try await oldestSnapshot() ?? .max)
        let unneeded = Set(
            retired.needed.filter { id, number in
                number <= oldest && resources(where: { $0.all.contains { $0.secret.keyID == id } }).isEmpty
            }.keys
        )
        guard !unneeded.isEmpty, !isRotating else { return }
        if case .generated = source {
            let rest = keys.filter { !unneeded.contains($0.id) }
            try Disk().replace(file, CredentialKey.text(rest), permissions: 0o600)
            use(rest)
        }
        try retired.set(retired.needed.filter { !unneeded.contains($0.key) })
        for id in unneeded.sorted() {
            let advice = if case .generated = source { "it was removed" } else { "remove it from \(source)" }
            logger.notice("nothing that is kept needs an old credential key: \(advice)", metadata: ["key": "\(id)"])
        }
    }

    private func use(_ keys: [CredentialKey]) {
        self.keys = keys
        sealer.use(keys)
    }

    /// The resources whose secrets are as a condition says.
    private func resources(where condition: (SealedSecrets) -> Bool) -> [(id: ResourceID, secrets: SealedSecrets)] {
        Kind.allCases.flatMap { kind in
            directory.all(kind).compactMap { id, stored in
                stored.secrets.isEmpty || !condition(stored.secrets) ? nil : (ResourceID(kind, id), stored.secrets)
            }
        }
    }
}
