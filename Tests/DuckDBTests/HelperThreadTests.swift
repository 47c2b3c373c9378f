import DuckDB
import Foundation
import Synchronization
import Testing

struct HelperThreadTests {
    @Test("A helper takes part in a statement, and nobody waits for it at its end", .timeLimit(.minutes(5)))
    func helperTakes() throws {
        let database = try Database(configuration: HelperThread.settings(threads: 2))
        let connection = try database.connect()
        // Keeps whoever calls it.
        let (entered, released) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let columns = [QueryResult.Column(name: "value", type: .bigint)]
        try connection.addFunction("wait", of: columns) { rows, answers, _ in
            entered.signal()
            released.wait()
            for row in 0..<rows.count { answers[row] = true }
            // For the next chunk.
            released.signal()
        }
        // Two groups of rows, each of which one thread reads.
        try connection.execute("CREATE TABLE numbers AS SELECT range AS number FROM range(200000)")

        let helper = HelperThread(on: database)
        let count = Mutex<SQLValue?>(nil)
        let isDone = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            defer { isDone.signal() }
            do {
                let connection = try database.connect()
                let found = try connection.query("SELECT count(*) FROM numbers WHERE wait(number)").scalar()
                count.withLock { $0 = found }
            } catch {
                Issue.record(error)
            }
        }
        // The thread that waits for the statement, and the helper.
        entered.wait()
        entered.wait()
        helper.end()
        #expect(try database.connect().query("SELECT count(*) FROM numbers").scalar() == .int(200_000))
        released.signal()
        released.signal()
        isDone.wait()
        #expect(count.withLock(\.self) == .int(200_000))
    }
}
