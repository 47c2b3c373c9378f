/// What the server and a query worker send each other: a tag, and bytes whose meaning the tag tells.
///
/// On the socket: the tag, the number of bytes as four bytes in little-endian order, and the bytes.
struct Frame: Equatable {
    var tag: Tag
    var payload: [UInt8]

    init(_ tag: Tag, _ payload: [UInt8] = []) {
        self.tag = tag
        self.payload = payload
    }

    enum Tag: UInt8 {
        // From the server.

        /// ``WorkerSettings``; the first frame.
        case start = 0x53
        /// ``QueryStatement``: a statement to look at. The worker answers with `needs` or `failed`.
        case prepare = 0x50
        /// ``BaseDescription``: what the tables begin with.
        case base = 0x42
        /// ``ChangedRows`` on top of the base.
        case rows = 0x52
        /// ``PastDescription``: the snapshots that there are, and the changes.
        case past = 0x48
        /// ``Execution``: carries out the statement. The worker answers with any number of `data`, and `end`, or at
        /// any time with `failed`.
        case execute = 0x58

        // From the worker.

        /// ``StatementNeeds``: the statement is allowed.
        case needs = 0x4E
        /// ``QueryFailure``.
        case failed = 0x45
        /// A part of the answer.
        case data = 0x44
        /// The answer is complete.
        case end = 0x5A
    }

    /// The most bytes that a frame has, so that a peer that is out of step is noticed.
    static let maximumSize = 64 << 20
    static let headerSize = 5
}

/// The two sides of a socket do not understand each other, or one of them is gone.
struct BrokenConnection: Error, CustomStringConvertible {
    let description: String

    static let closed = BrokenConnection(description: "the other side is gone")
}
