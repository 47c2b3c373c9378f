import Inventory
import Records
import Scheduling

/// Transactions whose operations have to be worked out from what the inventory is, or was.
struct Decisions: Sendable {
    let committer: Committer
    let searches: Searches
    let past: PastReads
    /// Carries out a transaction.
    let commit: @Sendable (Transaction) async throws -> Receipt

    /// Changes or deletes the resources that match a search, in one transaction, unless any of them changes meanwhile.
    ///
    /// What is found is changed only if it is then as it was found; else the search is made again.
    func commit(
        _ search: Search,
        expecting expected: Int?,
        for caller: Caller,
        idempotencyKey: IdempotencyKey?,
        isDryRun: Bool,
        _ action: @escaping @Sendable (Kind.Reference) -> Transaction.Action
    ) async throws -> (receipt: Receipt, sequence: UInt64) {
        for _ in 0..<Self.maximumTries {
            let (found, count) = try await searches.read(for: caller) { tables in
                let found = try tables.result(of: search)
                return (found, found.next == nil ? found.resources.count : try tables.count(search).count)
            }
            if let expected, count != expected {
                throw Refusal(.unexpected, "The search matches \(count), not \(expected) as expected.")
            }
            let operations = found.resources.map { id, stored in
                Transaction.Operation(action(Kind.Reference(id: id)), if: [.isAny(of: [stored.version])])
            }
            do {
                let receipt = try await commit(
                    Transaction(
                        author: caller.subject,
                        origin: caller.origin,
                        idempotencyKey: idempotencyKey,
                        isDryRun: isDryRun,
                        operations
                    )
                )
                return (receipt, found.sequence)
            } catch let refusal as Refusal where refusal.problems.contains(where: \.isOvertaken) {
                continue
            }
        }
        throw Refusal(
            .conflict,
            "Resources that match were changed by others \(Self.maximumTries) times while this was worked out; try again, or "
                + "change fewer at once."
        )
    }

    /// How often a change of what matches a search is tried.
    private static let maximumTries = 3

    /// Makes the inventory what it was at a moment, by a transaction that changes what is otherwise.
    ///
    /// The transaction is worked out while others go on to write. What they change meanwhile was, at the moment, what it
    /// was before they changed it, or else it is among what was worked out.
    func restore(
        to moment: Moment,
        for caller: Caller,
        idempotencyKey: IdempotencyKey?,
        reason: String? = nil
    ) async throws -> Receipt {
        try await past.work(for: caller) { history in
            let target = try await history.sequence(of: moment)
            return try await committer.recording { recording in
                let before = try await history.restoration(to: target, from: recording.start)
                return try await commit(
                    Transaction(
                        author: caller.subject,
                        origin: caller.origin,
                        reason: "restore to \(moment)" + (reason.map { ": \($0)" } ?? ""),
                        idempotencyKey: idempotencyKey,
                        content: .decision {
                            recording.before.merging(before) { $1 }.map {
                                Transaction.Operation(.restore($0.key, $0.value))
                            }
                        }
                    )
                )
            }
        }
    }
}

extension InventoryDifference {
    /// What a transaction has changed.
    init(_ receipt: Receipt) {
        self.init(
            from: receipt.previous,
            to: receipt.sequence,
            resources: receipt.outcomes.filter(\.isChange).map {
                Difference(resource: $0.resource, before: $0.before, after: $0.stored)
            }
        )
    }
}
