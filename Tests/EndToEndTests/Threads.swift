import Foundation

/// Blocking work on a thread of its own, so that it holds none of those that tests share; it begins at once.
///
/// An `async let` begins when one of the shared threads is free, which with all tests running may be a minute later:
/// too late for whoever must read before the server's patience ends.
struct ThreadedWork<Result: Sendable>: Sendable {
    private let results: AsyncThrowingStream<Result, any Error>

    init(_ work: @escaping @Sendable () throws -> Result) {
        let (results, continuation) = AsyncThrowingStream.makeStream(of: Result.self)
        self.results = results
        Thread.detachNewThread {
            do {
                continuation.yield(try work())
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
    }

    /// What the work returns, once it is done; to be asked for once.
    var result: Result {
        get async throws {
            for try await result in results { return result }
            throw CancellationError()
        }
    }
}

/// Does blocking work on a thread of its own, and waits for it.
func onThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await ThreadedWork(work).result
}
