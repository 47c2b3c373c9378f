import DuckDB
import Foundation
import Synchronization
import Testing

struct InterruptTests {
    @Test("Another thread stops a long query", .timeLimit(.minutes(5)))
    func anotherThread() throws {
        let connection = try Database().connect()
        let interruptHandle = connection.interruptHandle
        let isDone = Atomic(false)
        let interrupter = Thread {
            // The query may not have begun at the first interrupt, which then does nothing.
            while !isDone.load(ordering: .acquiring) {
                interruptHandle.interrupt()
                Thread.sleep(forTimeInterval: 0.001)
            }
        }
        interrupter.start()
        defer { isDone.store(true, ordering: .releasing) }
        let error = try #require(throws: DuckDBError.self) {
            try connection.query("SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b").rows()
        }
        #expect(error.kind == .interrupted)
    }

    @Test("An interrupt without a statement changes nothing")
    func interruptWithout() throws {
        var connection: Connection? = try Database().connect()
        let interruptHandle = try #require(connection).interruptHandle
        interruptHandle.interrupt()
        #expect(try connection?.query("SELECT 1").scalar() == .int(1))
        connection = nil
        interruptHandle.interrupt()
    }
}
