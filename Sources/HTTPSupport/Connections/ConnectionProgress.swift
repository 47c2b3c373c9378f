import NIOCore

/// How far a connection has come, and whether its client is too slow: pure steps, each an event and its time.
///
/// With TLS the bytes are those of its records, which count as they come. Only time counts in which the server reads: a client
/// that is not read from, since what it sent before is being worked on, can do nothing for it.
struct ConnectionProgress {
    /// How long the handshake of TLS, a head, and the beginning of a body, may take.
    static let grace = TimeAmount.seconds(20)
    /// How fast a body must come after that, in bytes a second; and after the time that is enough for most, so that nobody
    /// keeps the memory for bodies long.
    static let minimumRate = 500
    static let enough = TimeAmount.minutes(5)
    static let minimumLongRate = 100_000
    /// How long a client may take to read what was sent to it, which is about 128 KiB.
    static let patience = TimeAmount.seconds(30)
    /// How long is read on after the last answer, so that the client sees it: the system throws away what a client has not
    /// taken when more comes on a closed connection (RFC 9112, section 9.6).
    static let drainingTime = TimeAmount.seconds(5)

    /// What is being received.
    private enum Phase {
        /// The handshake of TLS.
        case handshake
        /// Nothing; the last request, if any, is complete.
        case between
        case head
        case body
    }

    private var phase: Phase
    /// What has been received of the head or the body, and how long the server has waited for it.
    private var received = 0
    private var waited = TimeAmount.zero
    private var waitingSince: NIODeadline?
    /// When the client stopped taking what is sent to it.
    private var fullSince: NIODeadline?
    /// Whether the client sends the body only when it is asked for it, and has not been.
    private var waitsToBeAsked = false
    /// When nothing is read any more, after the last answer.
    private var drainedBy: NIODeadline?
    /// How many requests have been received, at least their head, and not been answered.
    private(set) var unansweredCount = 0

    /// Why a connection is to end.
    enum Fault: String {
        case slowHandshake = "the handshake of TLS came too slowly"
        case slowHead = "the head of a request came too slowly"
        case slowBody = "the body of a request came too slowly"
        case unread = "the client does not read its answer"
        case drained = "the request was answered before its body was complete"
        case lingering = "the client keeps the connection open after its last answer"
    }

    /// - Parameter isSecure: Whether the connection begins with a handshake of TLS.
    init(isSecure: Bool = false) {
        phase = isSecure ? .handshake : .between
    }

    /// Whether the client does not take what is sent to it.
    var isFull: Bool { fullSince != nil }

    /// Whether a request is complete and being worked on.
    var isWorkedOn: Bool { unansweredCount > 0 && phase == .between && fullSince == nil }

    // MARK: Events

    /// The server begins to wait for bytes.
    mutating func beginReading(at now: NIODeadline) {
        if waitingSince == nil { waitingSince = now }
    }

    mutating func receive(_ count: Int, at now: NIODeadline) {
        if phase == .between { begin(.head) } else { waited = waited + waiting(at: now) }
        waitingSince = nil
        received += count
    }

    mutating func endHandshake() {
        begin(.between)
    }

    private mutating func begin(_ phase: Phase) {
        self.phase = phase
        received = 0
        waited = .zero
    }

    mutating func receiveHead(waitsToBeAsked: Bool = false) {
        begin(.body)
        self.waitsToBeAsked = waitsToBeAsked
        unansweredCount += 1
    }

    /// - Returns: Whether the connection is to end.
    mutating func receiveEnd() -> Bool {
        begin(.between)
        return drainedBy != nil
    }

    /// The client is asked for the body.
    mutating func askForBody(at now: NIODeadline) {
        begin(.body)
        waitsToBeAsked = false
        if waitingSince != nil { waitingSince = now }
    }

    /// Whether the body of the request that is being answered is not complete.
    var hasRestOfBody: Bool { phase == .body && unansweredCount == 1 }

    /// Whether a head is being received.
    var isInHead: Bool { phase == .head }

    mutating func endAnswer() {
        unansweredCount = max(0, unansweredCount - 1)
    }

    /// The last answer is complete.
    mutating func drain(at now: NIODeadline) {
        drainedBy = now + Self.drainingTime
    }

    mutating func setWritable(_ isWritable: Bool, at now: NIODeadline) {
        fullSince = isWritable ? nil : fullSince ?? now
    }

    // MARK: Verdict

    private static func time(for size: Int, atRate rate: Int) -> TimeAmount {
        .milliseconds(Int64(size) * 1000 / Int64(rate))
    }

    private func waiting(at now: NIODeadline) -> TimeAmount {
        waitingSince.map { now - $0 } ?? .zero
    }

    /// Why the connection is to end, if it is.
    func fault(at now: NIODeadline) -> Fault? {
        if let fullSince, now - fullSince > Self.patience { return .unread }
        if let drainedBy { return now > drainedBy ? (phase == .body ? .drained : .lingering) : nil }
        let waited = waited + (phase == .between ? .zero : waiting(at: now))
        switch phase {
        case .between: return nil
        case .handshake: return waited > Self.grace ? .slowHandshake : nil
        case .head: return waited > Self.grace ? .slowHead : nil
        case .body where waitsToBeAsked: return nil
        case .body:
            let allowed = min(
                Self.grace + Self.time(for: received, atRate: Self.minimumRate),
                Self.enough + Self.time(for: received, atRate: Self.minimumLongRate)
            )
            return waited > allowed ? .slowBody : nil
        }
    }
}
