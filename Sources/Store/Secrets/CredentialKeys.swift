import Foundation
import GuardedFiles
import Inventory
import Journal
import Logging
import Records
import Replication
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
    /// How the server takes part in a log that it shares, where one key seals at all servers; nil where it shares none.
    private let replica: ReplicaStatus?
    private let logger: Logger
    private var isRotating = false
    private var fault = RepeatedFault()

    /// How many resources a transaction seals again, so that others write in between.
    private static let batch = 500

    /// - Parameters:
    ///   - keys: Those that the sealer has; the first seals.
    ///   - file: That of the server's own keys.
    ///   - history: How long any moment can be read, where that is said.
    ///   - replica: How the server takes part in a log that it shares; nil where it shares none.
    init(
        _ source: CredentialKeySource,
        _ keys: [CredentialKey],
        file: URL,
        sealer: SecretSealer,
        directory: Directory,
        journal: PublishedJournal,
        history: Duration?,
        replica: ReplicaStatus?,
        logger: Logger
    ) throws(DiskError) {
        self.source = source
        self.replica = replica
        self.keys = keys
        self.file = file
        retired = try RetiredKeys(in: file.deletingLastPathComponent())
        self.sealer = sealer
        self.directory = directory
        self.journal = journal
        self.history = history
        self.logger = logger
        sealer.use(keys, sealingWith: replica?.sealingKey)
        replica?.ownKeys = keys.map(\.id)
    }

    /// Seals all secrets with a new key: one that the server makes, or the first that the file or the command gives now.
    ///
    /// - Parameters:
    ///   - agree: Has the log note a key, which is in some place.
    ///   - commit: Carries out a transaction.
    /// - Throws: ``Refusal`` where another rotation runs, or servers that share the log lack the new key, and ``DiskError``. What
    ///   was not sealed again can still be opened.
    func rotate(
        for caller: Caller,
        agreeing agree: @Sendable (_ key: String, _ place: String) async throws -> Void,
        _ commit: @Sendable (Transaction) async throws -> Receipt
    ) async throws -> CredentialRotation {
        guard !isRotating else { throw Refusal(.conflict, "The credential key is being changed already.") }
        isRotating = true
        defer { isRotating = false }
        if let given = try await givenKeys() {
            try checkThatTheyOpen(given)
            use(given)
        }
        if case .generated = source, replica == nil || keys[0].id == sealer.keyID {
            let new = [CredentialKey.random()] + keys
            try Disk().replace(file, CredentialKey.text(new), permissions: 0o600)
            use(new)
        }
        let key = keys[0].id
        try await agree(key, source == .generated ? file.path : "\(source)")
        use(keys)
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

    /// Seals with the key that the servers which share the log have agreed on.
    func followLog() {
        if let key = replica?.sealingKey, key != sealer.keyID { use(keys) }
    }

    /// Has the keys that the file or the command gives now take the place of those in force. Keys that do not open what those
    /// have sealed change nothing, and the log says so.
    ///
    /// - Parameter isAsked: Whether somebody wants to know what is wrong, even if the log has it already.
    func readAgain(isAsked: Bool) async {
        do {
            // A key management service is asked only when somebody says so.
            if case .command = source, !isAsked { return }
            let before = keys.map(\.id)
            guard let given = try await givenKeys(), !isRotating else { return }
            // Where others have read the keys meanwhile, these may be older.
            guard keys.map(\.id) == before else { return await readAgain(isAsked: isAsked) }
            let isNew = given.map(\.id) != before
            if isNew {
                try checkThatTheyOpen(given)
                use(given)
                let old = resources(where: { !sealer.hasSealed($0) && sealer.hasKeys(of: $0) }).count
                logger.notice(
                    "the credential keys have changed; POST /credentials/rotate seals anew what older ones have sealed",
                    metadata: ["key": "\(sealer.keyID)", "resources": .stringConvertible(old)]
                )
            }
            if fault.end(), !isNew { logger.notice("the credential keys are again those that are in force") }
        } catch {
            guard fault.begin("\(error)") || isAsked else { return }
            logger.error(
                "the credential keys cannot be used; those that were read before stay in force",
                metadata: ["reason": "\(error)"]
            )
        }
    }

    /// The keys that the file or the command gives now; nil where the server makes its own and nobody else does.
    private func givenKeys() async throws(DiskError) -> [CredentialKey]? {
        if case .generated = source, replica != nil { return try CredentialKey.own(file) }
        return try await source.keys()
    }

    /// Makes sure that new keys open what the present ones have sealed.
    ///
    /// - Throws: ``Refusal`` that names a key that is missing.
    private func checkThatTheyOpen(_ given: [CredentialKey]) throws(Refusal) {
        let missing = Set(keys.map(\.id)).subtracting(given.map(\.id))
        let sealing = sealer.keyID
        let needed = missing.filter { id in
            // What is being written just now is sealed with it too.
            id == sealing || !resources(where: { $0.all.contains { $0.secret.keyID == id } }).isEmpty
        }
        guard let id = needed.min() else { return }
        throw Refusal(
            .conflict,
            "\(source) no longer gives the credential key \(id), which has sealed secrets. Put it back, behind the new one."
        )
    }

    /// Forgets the keys that nothing needs any more which is kept.
    ///
    /// - Parameter oldestSnapshot: Gives the last transaction of the oldest snapshot; nil where there is none.
    func forgetOld(oldestSnapshot: @Sendable () async throws -> UInt64?) async throws {
        // Others may need them for longer.
        guard replica == nil, !isRotating, let earliest = retired.needed.values.min(), journal.oldest >= earliest else {
            return
        }
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
        sealer.use(keys, sealingWith: replica?.sealingKey)
        replica?.ownKeys = keys.map(\.id)
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
