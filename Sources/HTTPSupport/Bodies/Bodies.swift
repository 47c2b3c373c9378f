import NIOCore
package import Scheduling
import Synchronization

/// The memory for bodies that are being read, and threads to make something of large ones.
package final class Bodies: Sendable {
    private let turns: Turns
    private let readers: [BodyReader]
    private let nextReader = Atomic(0)

    /// Bodies up to this size, in bytes, are read at once: there are no more of them than connections.
    static let smallSize = 64 << 10

    package static let standardMemory = 256 << 20

    /// - Parameter memory: How many bytes all large bodies may have together; further senders wait. One caller may have half,
    ///   or one body.
    package init(memory: Int) {
        turns = Turns(places: memory, placesEach: min(memory, max(memory / 2, Problem.maximumBodySize)))
        readers = (0..<max(1, System.coreCount - 1)).map { _ in BodyReader() }
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
        let next = nextReader.add(1, ordering: .relaxed).oldValue
        return try await readers[next % readers.count].read(buffer, body)
    }
}

/// Has a thread that gives way to those of small requests.
private actor BodyReader {
    private nonisolated let executor = ThreadExecutor(label: "bodies", givesWay: true)

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func read<Value: Sendable>(
        _ buffer: ByteBuffer,
        _ body: @Sendable (ByteBuffer) throws -> Value
    ) throws -> Value {
        try body(buffer)
    }
}
