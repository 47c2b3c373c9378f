import DequeModule
import OrderedCollections
import Synchronization

/// Lets callers take turns at what there is only so much of: threads for searches, memory for bodies.
///
/// While there are places nobody waits. When there are none, each caller has a line of its own, and the lines take turns;
/// so whoever asks for much waits for itself, not everybody for it.
package final class Turns: Sendable {
    private let state: Mutex<State>
    /// How long one may wait for its turn.
    private let patience: Duration
    /// How many may wait at once.
    let maximumWaiting: Int

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

        func hasPlaces(_ wanted: Int, for owner: Caller.Owner) -> Bool {
            takenCount + wanted <= places && taken[owner, default: 0] + wanted <= placesEach
        }

        mutating func take(_ wanted: Int, _ owner: Caller.Owner) {
            taken[owner, default: 0] += wanted
            takenCount += wanted
        }

        mutating func leave(_ left: Int, _ owner: Caller.Owner) {
            takenCount -= left
            let rest = taken[owner, default: 0] - left
            taken[owner] = rest == 0 ? nil : rest
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
            while takenCount < places {
                // Of those that have not all that they may have.
                let line = lines.first { taken[$0.key, default: 0] + ($0.value.first?.wanted ?? 0) <= placesEach }
                // Nobody overtakes whose turn it is, or who wants much would never have it.
                guard let owner = line?.key, let wanted = line?.value.first?.wanted, hasPlaces(wanted, for: owner),
                    let waiter = remove(owner, at: 0)
                else { break }
                // The caller's other requests come after those of the others.
                if let line = lines.removeValue(forKey: owner) { lines[owner] = line }
                take(wanted, owner)
                called.append(waiter)
            }
            return called
        }
    }

    /// A request that waits for its turn.
    private struct Waiter {
        var id: Int
        var wanted: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    /// How many may wait at once unless somebody says otherwise.
    package static let standardWaiting = 4096

    /// - Parameters:
    ///   - places: How many there are.
    ///   - placesEach: How many of them a caller may have.
    ///   - patience: How long one may wait for its turn.
    ///   - maximumWaiting: How many may wait at once.
    package init(
        places: Int,
        placesEach: Int,
        patience: Duration = .seconds(30),
        maximumWaiting: Int = Turns.standardWaiting
    ) {
        self.maximumWaiting = maximumWaiting
        state = Mutex(State(places: places, placesEach: placesEach))
        self.patience = patience
    }

    /// How many wait for their turn.
    var waitingCount: Int { state.withLock(\.waitingCount) }

    /// Does something when it is the caller's turn.
    ///
    /// - Throws: ``TurnError`` when too many wait, or its turn does not come; `CancellationError`; what `body` throws.
    package func turn<Value>(of caller: Caller, _ body: () async throws -> Value) async throws -> Value {
        let turn = try await take(of: caller)
        defer { withExtendedLifetime(turn) {} }
        return try await body()
    }

    /// Waits until it is the caller's turn.
    ///
    /// - Parameter wanted: How many places it needs; no more than a caller may have are counted.
    /// - Returns: What has the places for as long as it is there.
    /// - Throws: ``TurnError`` when too many wait, or its turn does not come; `CancellationError`.
    package func take(_ wanted: Int = 1, of caller: Caller) async throws -> Turn {
        let wanted = min(wanted, state.withLock(\.placesEach))
        try await wait(for: wanted, caller.owner)
        return Turn { [self] in leave(wanted, caller.owner) }
    }

    private func leave(_ left: Int, _ owner: Caller.Owner) {
        state.withLock { $0.leave(left, owner) }
        callNext()
    }

    private func callNext() {
        for waiter in state.withLock({ $0.next() }) { waiter.continuation.resume() }
    }

    private func wait(for wanted: Int, _ owner: Caller.Owner) async throws {
        let id = state.withLock { state -> Int? in
            guard !state.hasPlaces(wanted, for: owner) || state.waitingCount > 0 else {
                state.take(wanted, owner)
                return nil
            }
            state.nextID += 1
            return state.nextID
        }
        guard let id else { return }
        let timer = Task {
            try await Task.sleep(for: patience)
            giveUp(owner, id, TurnError.late(patience))
        }
        defer { timer.cancel() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                lineUp(owner, Waiter(id: id, wanted: wanted, continuation: $0))
            }
        } onCancel: {
            giveUp(owner, id, CancellationError())
        }
    }

    private func lineUp(_ owner: Caller.Owner, _ waiter: Waiter) {
        let answered = state.withLock { state -> (waiter: Waiter?, result: Result<Void, any Error>) in
            // A task that was cancelled before is not told again.
            if Task.isCancelled { return (waiter, .failure(CancellationError())) }
            var refused: Waiter?
            if state.waitingCount >= maximumWaiting {
                let longest = state.lines.max { $0.value.count < $1.value.count }
                guard let longest, longest.value.count > state.lines[owner]?.count ?? 0 else {
                    return (waiter, .failure(TurnError.tooMany(maximumWaiting)))
                }
                refused = state.remove(longest.key, at: longest.value.count - 1)
            }
            state.lines[owner, default: []].append(waiter)
            state.waitingCount += 1
            return (refused, .failure(TurnError.tooMany(maximumWaiting)))
        }
        callNext()
        answered.waiter?.continuation.resume(with: answered.result)
    }

    private func giveUp(_ owner: Caller.Owner, _ id: Int, _ reason: any Error) {
        let waiter = state.withLock { state in
            state.lines[owner]?.firstIndex { $0.id == id }.flatMap { state.remove(owner, at: $0) }
        }
        waiter?.continuation.resume(throwing: reason)
        // The waiter may have been what others waited behind.
        if waiter != nil { callNext() }
    }
}

/// The places that a request has, until nobody holds this any more.
package final class Turn: Sendable {
    private let end: @Sendable () -> Void

    fileprivate init(_ end: @escaping @Sendable () -> Void) {
        self.end = end
    }

    deinit {
        end()
    }
}

/// Why a request gets no turn; the same request may get one later.
package enum TurnError: Error, CustomStringConvertible {
    /// So many wait.
    case tooMany(Int)
    /// The turn has not come in so much time.
    case late(Duration)

    package var description: String {
        switch self {
        case .tooMany(let count): "More than \(count) requests are waiting; try again soon."
        case .late(let patience):
            "The turn of this request has not come within \(patience.components.seconds) s, so much is asked for; try "
                + "again soon."
        }
    }
}
