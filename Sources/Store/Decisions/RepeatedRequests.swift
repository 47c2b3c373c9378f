import Inventory
import Records
import Scheduling

/// Has requests that are sent again be done once, and answered as they were the first time.
struct RepeatedRequests: Sendable {
    let requests: DoneRequests
    let past: PastReads

    /// Carries out a request, or finds out what became of it.
    ///
    /// - Parameters:
    ///   - key: What its client calls it; nil where it is done as often as it comes.
    ///   - body: Carries it out.
    /// - Throws: ``Refusal`` where one of this key is being carried out, or where the key was another request's.
    func once(
        _ key: IdempotencyKey?,
        for caller: Caller,
        _ body: () async throws -> Receipt
    ) async throws -> Receipt {
        guard let key else { return try await body() }
        let scope = key.scope(of: caller.subject)
        guard requests.begin(scope) else {
            throw Refusal(.conflict, "A request with this Idempotency-Key is being carried out; send it again soon.")
        }
        defer { requests.end(scope) }
        if let done = requests.request(scope) { return try await receipt(of: done, key, for: caller) }
        do {
            return try await body()
        } catch let error as AlreadyDone {
            return try await receipt(of: error.request, key, for: caller)
        }
    }

    private func receipt(of done: DoneRequest, _ key: IdempotencyKey, for caller: Caller) async throws -> Receipt {
        guard done.request == key.request else {
            throw Refusal(
                .otherRequest,
                "This Idempotency-Key came with another request, which was done as transaction \(done.sequence); use a new "
                    + "key for each request."
            )
        }
        do {
            if let receipt = try await past.read(for: caller, { try await $0.receipt(of: done.sequence) }) {
                return receipt
            }
        } catch let refusal as Refusal where refusal.problems.contains(where: { $0.reason == .gone }) {
            // The answer below says it.
        }
        throw Refusal(
            .gone,
            "This request was done, as transaction \(done.sequence); what it was answered is not kept any more."
        )
    }
}
