import AsyncAlgorithms
import Hummingbird
import NIOCore

/// The body of a request on its way to another server.
///
/// Only one may read what a client sends: two that do so at once end the process. So nobody but this reads it, and once it is
/// stopped, nobody does, whatever whoever sends the body on is still about; what is left is the connection's to read.
final class PassedBody: Sendable {
    /// The pieces, each when it is asked for.
    let pieces = AsyncThrowingChannel<ByteBuffer, any Error>()
    private let reading: Task<Void, Never>

    init(_ body: RequestBody) {
        reading = Task { [pieces] in
            do {
                for try await piece in body {
                    await pieces.send(piece)
                    try Task.checkCancellation()
                }
                pieces.finish()
            } catch {
                pieces.fail(error)
            }
        }
    }

    /// Returns once nobody reads any more what the client sends.
    func stop() async {
        reading.cancel()
        await reading.value
    }
}
