import DuckDB
import Foundation
import Synchronization
import Testing

struct HelperThreadTests {
    /// Rows of two groups, each of which one thread can read, and a function of SQL that keeps whoever calls it.
    private final class Fixture: Sendable {
        let database: Database
        let entered = DispatchSemaphore(value: 0)
        let released = DispatchSemaphore(value: 0)

        init() throws {
            database = try Database(configuration: HelperThread.settings(threads: 2))
            let connection = try database.connect()
            let columns = [QueryResult.Column(name: "value", type: .bigint)]
            try connection.addFunction("wait", of: columns) { [entered, released] rows, answers, _ in
                entered.signal()
                released.wait()
                for row in 0..<rows.count { answers[row] = true }
                // For the next chunk.
                released.signal()
            }
            try connection.execute("CREATE TABLE numbers AS SELECT range AS number FROM range(200000)")
        }

        /// Counts the rows, on a thread of its own.
        func count() -> AsyncThrowingStream<SQLValue, any Error> {
            let (stream, continuation) = AsyncThrowingStream.makeStream(of: SQLValue.self)
            Thread.detachNewThread { [database] in
                do {
                    let connection = try database.connect()
                    let result = try connection.query("SELECT count(*) FROM numbers WHERE wait(number)")
                    continuation.yield(try result.scalar() ?? .null)
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            return stream
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `A helper takes part in a statement, and nobody waits for it at its end`() async throws {
        let fixture = try Fixture()
        let helper = HelperThread(on: fixture.database)
        let counts = fixture.count()
        // The thread that waits for the statement, and the helper.
        fixture.entered.wait()
        fixture.entered.wait()
        helper.end()
        #expect(try fixture.database.connect().query("SELECT count(*) FROM numbers").scalar() == .int(200_000))
        fixture.released.signal()
        fixture.released.signal()
        for try await count in counts { #expect(count == .int(200_000)) }
    }

    @Test(.timeLimit(.minutes(1)))
    func `Without a helper, and after its end, statements have the threads that wait for them`() async throws {
        let fixture = try Fixture()
        HelperThread(on: fixture.database).end()
        let counts = fixture.count()
        fixture.entered.wait()
        #expect(fixture.entered.wait(timeout: .now() + 0.2) == .timedOut)
        fixture.released.signal()
        for try await count in counts { #expect(count == .int(200_000)) }
    }
}
