import NIOCore
import Synchronization

/// The connections that are open.
package final class Connections: Sendable {
    private let open = Mutex<[ObjectIdentifier: Connection]>([:])

    package init() {}

    func add(_ connection: Connection) {
        open.withLock { $0[ObjectIdentifier(connection.channel)] = connection }
    }

    func remove(_ connection: Connection) {
        open.withLock { $0[ObjectIdentifier(connection.channel)] = nil }
    }

    func connection(of channel: any Channel) -> Connection? {
        open.withLock { $0[ObjectIdentifier(channel)] }
    }

    /// Closes all, whatever is being sent or received.
    ///
    /// - Returns: How many those were.
    func close() -> Int {
        let connections = open.withLock { Array($0.values) }
        for connection in connections { connection.close() }
        return connections.count
    }
}

/// A client's connection.
final class Connection: Sendable {
    let channel: any Channel
    private let state = Mutex(State())

    /// How a client leaves.
    enum Leaving {
        /// It sends nothing more; it may be gone, or wait for an answer as `nc -N` does.
        case silent
        case gone
    }

    private struct State {
        var leaving: Leaving?
        /// What is to be done when the client leaves.
        var onLeaving: (@Sendable (Leaving) -> Void)?
    }

    init(_ channel: any Channel) {
        self.channel = channel
    }

    func close() {
        channel.close(promise: nil)
    }

    /// Has something done when the client leaves, or at once if it has left.
    func whenClientLeaves(_ action: @escaping @Sendable (Leaving) -> Void) {
        let leaving = state.withLock { state in
            state.onLeaving = action
            return state.leaving
        }
        if let leaving { action(leaving) }
    }

    /// Forgets what was to be done when the client leaves.
    func forgetClientLeaving() {
        state.withLock { $0.onLeaving = nil }
    }

    /// Takes note that the client has closed the connection, or its side of it.
    func clientLeft(_ leaving: Leaving) {
        let action = state.withLock { state in
            state.leaving = leaving
            return state.onLeaving
        }
        action?(leaving)
    }
}
