import AsyncAlgorithms
import NIOCore

/// The body of a request on its way to another server, or of its answer on the way back.
///
/// Only one may read what a client sends: two that do so at once end the process. So nobody but this reads it, and once it is
/// stopped, nobody does, whatever whoever sends the body on is still about; what is left is the connection's to read.
final class PassedBody: Sendable {
    /// The pieces, each when it is asked for.
    let pieces = AsyncThrowingChannel<ByteBuffer, any Error>()
    private let reading: Task<Void, Never>

    /// - Parameter read: Does the reading, and may end it before the body has come to its end.
    init<Body: AsyncSequence & Sendable>(
        _ body: Body,
        by read: @escaping @Sendable (@escaping @Sendable () async throws -> Void) async throws -> Void = {
            try await $0()
        }
    ) where Body.Element == ByteBuffer {
        reading = Task { [pieces] in
            do {
                try await read {
                    for try await piece in body {
                        await pieces.send(piece)
                        try Task.checkCancellation()
                    }
                }
                pieces.finish()
            } catch {
                pieces.fail(error)
            }
        }
    }

    /// Returns once nobody reads any more.
    func stop() async {
        reading.cancel()
        await reading.value
    }
}
