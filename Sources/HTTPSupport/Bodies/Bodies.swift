import NIOCore
package import Scheduling

/// The memory for bodies that are being read, and threads to make something of large ones.
package final class Bodies: Sendable {
    private let turns: Turns
    private let readers = BackgroundThreads(label: "bodies")

    /// Bodies up to this size, in bytes, are read at once: there are no more of them than connections.
    static let smallSize = 64 << 10

    package static let standardMemory = 256 << 20

    /// - Parameter memory: How many bytes all large bodies may have together; further senders wait. One caller may have half,
    ///   or one body.
    package init(memory: Int) {
        turns = Turns(places: memory, placesEach: min(memory, max(memory / 2, Problem.maximumBodySize)))
    }

    /// Waits until there is room for a body.
    ///
    /// - Returns: What has the room for as long as it is there; nil for a small body, which needs none.
    package func room(for size: Int, of caller: @autoclosure () -> Caller) async throws -> Turn? {
        size <= Self.smallSize ? nil : try await turns.take(size, of: caller())
    }

    /// Makes something of a body, where that holds up nobody.
    func read<Value: Sendable>(
        _ buffer: ByteBuffer,
        _ body: @Sendable (ByteBuffer) throws -> Value
    ) async throws -> Value {
        if buffer.readableBytes <= Self.smallSize { return try body(buffer) }
        return try await readers.run { try body(buffer) }
    }
}
