import DequeModule
import OrderedCollections
import Synchronization

/// Lets callers take turns at what only a few can do at once, such as searches.
///
/// While a place is free nobody waits. When none is, each caller has a line of its own, and the lines take turns; so
/// whoever asks for much waits for itself, not everybody for it. One caller alone never has all places, where there are
/// several.
final class Turns: Sendable {
    private let state: Mutex<State>
    /// How long one may wait for its turn.
    private let patience: Duration

    private struct State {
        let places: Int
        /// How many places one caller may have.
        let placesEach: Int
        /// How many of the places each caller has.
        var taken: [Caller.Owner: Int] = [:]
        var takenCount = 0
        /// Who waits, the callers in the order of their turns.
        var lines: OrderedDictionary<Caller.Owner, Deque<Waiter>> = [:]
        var waitingCount = 0
        var nextID = 0

        func hasPlace(for owner: Caller.Owner) -> Bool {
            takenCount < places && taken[owner, default: 0] < placesEach
        }

        mutating func take(_ owner: Caller.Owner) {
            taken[owner, default: 0] += 1
            takenCount += 1
        }

        mutating func leave(_ owner: Caller.Owner) {
            takenCount -= 1
            let left = taken[owner, default: 1] - 1
            taken[owner] = left == 0 ? nil : left
        }

        mutating func remove(_ owner: Caller.Owner, at index: Int) -> Waiter? {
            let waiter = lines[owner]?.remove(at: index)
            if lines[owner]?.isEmpty ?? false { lines[owner] = nil }
            waitingCount -= 1
            return waiter
        }

        /// Gives places to those whose turn it is.
        mutating func next() -> [Waiter] {
            var called: [Waiter] = []
            while takenCount < places, let owner = lines.keys.first(where: hasPlace), let waiter = remove(owner, at: 0)
            {
                // Its other requests come after those of the others.
                if let line = lines.removeValue(forKey: owner) { lines[owner] = line }
                take(owner)
                called.append(waiter)
            }
            return called
        }
    }

    /// A request that waits for its turn.
    private struct Waiter {
        var id: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    /// How many may wait at once.
    static let maximumWaiting = 4096

    /// - Parameters:
    ///   - places: How many can have a turn at once.
    ///   - patience: How long one may wait for its turn.
    init(places: Int, patience: Duration = .seconds(30)) {
        state = Mutex(State(places: places, placesEach: max(1, places - 1)))
        self.patience = patience
    }

    /// How many wait for their turn.
    var waitingCount: Int { state.withLock(\.waitingCount) }

    /// Does something when it is the caller's turn.
    ///
    /// - Throws: ``Refusal`` when too many wait, or its turn does not come; `CancellationError`; what `body` throws.
    func turn<Value>(of caller: Caller, _ body: () async throws -> Value) async throws -> Value {
        let owner = caller.owner
        try await wait(for: owner)
        defer { leave(owner) }
        return try await body()
    }

    private func leave(_ owner: Caller.Owner) {
        let called = state.withLock { state in
            state.leave(owner)
            return state.next()
        }
        for waiter in called { waiter.continuation.resume() }
    }

    private func wait(for owner: Caller.Owner) async throws {
        let id = state.withLock { state -> Int? in
            guard !state.hasPlace(for: owner) else {
                state.take(owner)
                return nil
            }
            state.nextID += 1
            return state.nextID
        }
        guard let id else { return }
        let timer = Task {
            try await Task.sleep(for: patience)
            let waited = "The turn of this request has not come within \(patience.components.seconds) s"
            giveUp(owner, id, Refusal(.unavailable, "\(waited), so much is asked for; try again soon."))
        }
        defer { timer.cancel() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { lineUp(owner, Waiter(id: id, continuation: $0)) }
        } onCancel: {
            giveUp(owner, id, CancellationError())
        }
    }

    private func lineUp(_ owner: Caller.Owner, _ waiter: Waiter) {
        let answered = state.withLock { state -> (waiter: Waiter?, result: Result<Void, any Error>) in
            // A task that was cancelled before is not told again.
            if Task.isCancelled { return (waiter, .failure(CancellationError())) }
            if state.hasPlace(for: owner) {
                state.take(owner)
                return (waiter, .success(()))
            }
            var refused: Waiter?
            if state.waitingCount == Self.maximumWaiting {
                let longest = state.lines.max { $0.value.count < $1.value.count }
                guard let longest, longest.value.count > state.lines[owner]?.count ?? 0 else {
                    return (waiter, .failure(Self.tooMany))
                }
                refused = state.remove(longest.key, at: longest.value.count - 1)
            }
            state.lines[owner, default: []].append(waiter)
            state.waitingCount += 1
            return (refused, .failure(Self.tooMany))
        }
        answered.waiter?.continuation.resume(with: answered.result)
    }

    private static let tooMany = Refusal(
        .unavailable,
        "More than \(maximumWaiting) wait for an answer; try again soon."
    )

    private func giveUp(_ owner: Caller.Owner, _ id: Int, _ reason: any Error) {
        let waiter = state.withLock { state in
            state.lines[owner]?.firstIndex { $0.id == id }.flatMap { state.remove(owner, at: $0) }
        }
        waiter?.continuation.resume(throwing: reason)
    }
}
