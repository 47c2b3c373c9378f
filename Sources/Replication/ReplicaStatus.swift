package import Logging
import Synchronization

/// How a server takes part in a shared log, for everybody to read; the log of messages has each change.
package final class ReplicaStatus: Sendable {
    private let logger: Logger
    private let state = Mutex(State())
    /// Where others reach this server.
    package let url: String

    private struct State {
        var role = Role.unknown
        /// Whether there is something in the log that the server cannot read.
        var isStuck = false
        /// Why the log cannot be used.
        var fault: String?
        var replicas: [Replica] = []
        var withheld = WithheldFeatures()
        /// The ids of the server's credential keys, and of those with which the log's passwords are sealed, now with the last.
        var ownKeys: [String] = []
        var keys: [String] = []
        /// The last transaction of the server's newest snapshot.
        var snapshot: UInt64 = 0
        /// The oldest moment from which on the server can read every one.
        var oldest: UInt64 = 0
        /// When the server knew last that it has all that the log has, but for what came just then.
        var lastLook: ContinuousClock.Instant?
    }

    /// What a server is to the log.
    package enum Role: Sendable, Equatable {
        case unknown
        case leader
        /// Somebody else leads, by name and address; nobody where they are nil.
        case follower(of: String?, at: String?)
    }

    /// - Parameter keys: The ids of the credential keys of the log, of which the last one seals.
    package init(url: String, keys: [String] = [], logger: Logger) {
        self.url = url
        state.withLock { $0.keys = keys }
        self.logger = logger
    }

    package var role: Role { state.withLock(\.role) }

    /// Where the server is that leads; nil where that is this one, or none is known.
    package var leader: String? {
        if case .follower(_, let url?) = role, !url.isEmpty { url } else { nil }
    }

    /// Why the log cannot be used; nil where it can.
    package var fault: String? { state.withLock(\.fault) }

    /// Whether there is something in the log that this server cannot read, so that it does not lead.
    package var isStuck: Bool {
        get { state.withLock(\.isStuck) }
        set { state.withLock { $0.isStuck = newValue } }
    }

    /// All servers that share the log, as they were about a second ago, or when the log could be read last.
    package var replicas: [Replica] { state.withLock(\.replicas) }

    /// The last transaction of this server's newest snapshot; 0 for none.
    var snapshotSequence: UInt64 { state.withLock(\.snapshot) }

    /// This server has a snapshot.
    package func hasSnapshot(through sequence: UInt64) { state.withLock { $0.snapshot = sequence } }

    /// The oldest moment from which on this server can read every one.
    package var oldest: UInt64 {
        get { state.withLock(\.oldest) }
        set { state.withLock { $0.oldest = newValue } }
    }

    /// The ids of this server's credential keys.
    package var ownKeys: [String] {
        get { state.withLock(\.ownKeys) }
        set { state.withLock { $0.ownKeys = newValue } }
    }

    /// The id of the credential key with which all servers seal; nil where that is not known yet.
    package var sealingKey: String? { state.withLock(\.keys.last) }

    func know(keys: [String]) { state.withLock { $0.keys = keys } }

    func know(_ replicas: [Replica]) {
        let withheld = WithheldFeatures(of: replicas.filter { $0.url != url })
        state.withLock { ($0.replicas, $0.withheld) = (replicas, withheld) }
    }

    /// What is not written until all servers know it.
    package var withheld: WithheldFeatures { state.withLock(\.withheld) }

    func leads() {
        guard change({ $0.role = .leader }) else { return }
        logger.notice("this server leads: it accepts writes")
    }

    func follows(_ lead: LogHead.Lead?) {
        guard change({ $0.role = .follower(of: lead?.holder, at: lead?.url) }) else { return }
        logger.notice(
            "this server follows",
            metadata: lead.map { ["leader": "\($0.holder)", "url": "\($0.url)"] } ?? ["leader": "none"]
        )
    }

    func fails(_ reason: String) {
        guard change({ ($0.role, $0.fault) = (.unknown, reason) }) else { return }
        logger.error("the log in PostgreSQL cannot be used; reads go on", metadata: ["reason": "\(reason)"])
    }

    /// For how long the server has not known whether the log has more, in seconds; nil where it has never known.
    package var staleness: Double? {
        state.withLock(\.lastLook).map { max(0, ($0.duration(to: .now)) / .seconds(1)) }
    }

    /// The server has looked what the log has, and has it.
    func hasLooked() { state.withLock { $0.lastLook = .now } }

    func works() {
        let before = state.withLock { $0.fault.take() }
        if before != nil { logger.notice("the log in PostgreSQL can be used again") }
    }

    /// - Returns: Whether anything is otherwise now.
    private func change(_ body: (inout sending State) -> Void) -> Bool {
        state.withLock { state in
            let (role, fault) = (state.role, state.fault)
            body(&state)
            return state.role != role || state.fault != fault
        }
    }
}
