import Foundation
import PostgreSQL
import Synchronization

/// Hears when a shared log goes on, by a connection and a thread of its own.
package final class LogListener: Sendable {
    /// A signal whenever there may be more; only one may ask.
    package let signals: AsyncStream<Void>
    private let isOver: SharedFlag

    /// How long it takes until the end is noticed, and until the next try to connect.
    private static let (lookInterval, attemptInterval) = (CInt(500), 1.0)
    private static let limit = Duration.seconds(2)

    package init(_ configuration: SharedLogConfiguration) {
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.signals = signals
        let isOver = SharedFlag()
        self.isOver = isOver
        let thread = Thread {
            while !isOver.isSet {
                do {
                    try Self.listen(configuration, continuation, until: isOver)
                } catch {
                    // The log's own connection says why; whoever follows looks by itself meanwhile.
                    Thread.sleep(forTimeInterval: Self.attemptInterval)
                }
            }
            continuation.finish()
        }
        thread.start()
    }

    deinit { isOver.set() }

    private static func listen(
        _ configuration: SharedLogConfiguration,
        _ continuation: AsyncStream<Void>.Continuation,
        until isOver: SharedFlag
    ) throws {
        let connection = try PostgresConnection.open(
            configuration.location,
            name: "node-orchestrator listens",
            within: limit
        )
        _ = try connection.run("LISTEN \(LogTables.channel)", within: limit)
        // What came before.
        continuation.yield()
        while !isOver.isSet {
            var polled = pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&polled, 1, lookInterval) > 0 else { continue }
            if try connection.hasNotifications() { continuation.yield() }
        }
    }
}

/// Something that is said once.
private final class SharedFlag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
