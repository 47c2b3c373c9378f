import Synchronization

/// What the server must not give a second time: ids of resources and numbers of transactions.
final class CrashLedger: Sendable {
    private let state = Mutex(State())

    private struct State {
        var ids: Set<String> = []
        var versions: Set<Int> = []
        /// The highest number that was known when the server was last started.
        var floor = 0
        var isKilled = false
    }

    /// Whether the server is being killed, so that connections break.
    var isKilled: Bool { state.withLock { $0.isKilled } }

    /// Notes that the server is being killed.
    func kill() {
        state.withLock { $0.isKilled = true }
    }

    /// Notes the ids of new resources.
    ///
    /// - Returns: What is wrong with them.
    func add(ids: [String]) -> [String] {
        state.withLock { state in
            ids.filter { !state.ids.insert($0).inserted }.map { "the id \($0) was given to two resources" }
        }
    }

    /// Notes the number of a transaction that was made since the last start.
    ///
    /// - Returns: What is wrong with it.
    func add(version: Int) -> [String] {
        state.withLock { state in
            var problems: [String] = []
            if !state.versions.insert(version).inserted { problems.append("two transactions have number \(version)") }
            if version <= state.floor {
                problems.append("number \(version) was given when \(state.floor) was acknowledged before the crash")
            }
            return problems
        }
    }

    /// Notes that the server has been started again and that what it did before is known.
    func restart() {
        state.withLock { state in
            state.floor = state.versions.max() ?? 0
            state.isKilled = false
        }
    }
}
