import Logging
import NIOCore
import Synchronization
import Tokens

/// A client's connection.
final class Connection: Sendable {
    let channel: any Channel
    /// Whom the connection is to; nil where it has ended before that was known.
    let peer: Peer?
    private let handler: NIOLoopBound<ConnectionHandler>
    private let state = Mutex(State())
    /// The time when anything was received or taken last, in nanoseconds; the largest while the server works.
    private let progress = Atomic<UInt64>(0)
    private let full = Atomic(false)

    /// How a client leaves.
    enum Leaving {
        /// The client sends nothing more; it may be gone, or wait for an answer as `nc -N` does.
        case silent
        case gone
    }

    private struct State {
        var leaving: Leaving?
        var credential: PeerCredential?
        /// Who the client is by the credential, once that was asked for.
        var identity: Identity?
        /// What is to be done when the client leaves.
        var onLeaving: (@Sendable (Leaving) -> Void)?
    }

    /// - Parameter handler: On the event loop that calls this.
    init(_ channel: any Channel, _ handler: ConnectionHandler) {
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        peer = Peer(channel.remoteAddress)
        progress.store(NIODeadline.now().uptimeNanoseconds, ordering: .relaxed)
    }

    // MARK: Progress

    /// When anything was received or taken last, to compare with others.
    var lastProgress: UInt64 { progress.load(ordering: .relaxed) }

    /// Whether the client does not take what is sent to it.
    var isFull: Bool { full.load(ordering: .relaxed) }

    /// Takes note of how far the connection has come.
    func note(_ progress: ConnectionProgress, at now: NIODeadline) {
        self.progress.store(progress.isWorkedOn ? .max : now.uptimeNanoseconds, ordering: .relaxed)
        full.store(progress.isFull, ordering: .relaxed)
    }

    func close() {
        channel.close(promise: nil)
    }

    /// Ends the connection if its client is too slow.
    func check(_ logger: Logger) {
        channel.eventLoop.execute { [self] in
            guard let fault = handler.value.check() else { return }
            logger.info(
                "ended a connection",
                metadata: ["address": "\(peer?.description ?? "")", "reason": "\(fault.rawValue)"]
            )
        }
    }

    /// Asks the client for the body that it has announced, if it waits to be asked.
    func askForBody() {
        channel.eventLoop.execute { [self] in handler.value.askForBody() }
    }

    // MARK: Who the client is

    /// Takes note of what the connection shows of its client.
    func identify(_ credential: PeerCredential) {
        state.withLock { $0.credential = credential }
    }

    /// Who the client is by the connection alone; nil where that does not show it. Only the first call
    /// finds it out.
    func identity(by rules: RoleRules) async -> Identity? {
        let (credential, known) = state.withLock { ($0.credential, $0.identity) }
        guard known == nil, let credential else { return known }
        let identity = await credential.identity(by: rules)
        state.withLock { $0.identity = identity }
        return identity
    }

    // MARK: Leaving

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
