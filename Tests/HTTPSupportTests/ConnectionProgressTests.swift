import NIOCore
import Testing

@testable import HTTPSupport

@Suite("A connection")
struct ConnectionProgressTests {
    private var progress = ConnectionProgress()
    private var now = NIODeadline.uptimeNanoseconds(1)

    private mutating func pass(_ seconds: Int64) { now = now + .seconds(seconds) }

    private mutating func receive(_ count: Int) {
        progress.beginReading(at: now)
        progress.receive(count, at: now)
        progress.beginReading(at: now)
    }

    @Test("may be idle, but has 20 s for a head")
    mutating func head() {
        progress.beginReading(at: now)
        pass(1000)
        #expect(progress.fault(at: now) == nil)
        receive(1)
        for _ in 0..<20 {
            pass(1)
            #expect(progress.fault(at: now) == nil)
            receive(1)
        }
        pass(1)
        #expect(progress.fault(at: now) == .slowHead)
    }

    @Test("has 20 s for the handshake of TLS, and may be idle after it")
    mutating func handshake() {
        progress = ConnectionProgress(isSecure: true)
        progress.beginReading(at: now)
        for _ in 0..<20 {
            pass(1)
            #expect(progress.fault(at: now) == nil)
            receive(100)
        }
        pass(1)
        #expect(progress.fault(at: now) == .slowHandshake)
        progress.endHandshake()
        pass(1000)
        #expect(progress.fault(at: now) == nil)
        receive(1)
        pass(20)
        #expect(progress.fault(at: now) == nil)
        pass(1)
        #expect(progress.fault(at: now) == .slowHead)
    }

    @Test("has 20 s and a second for each 500 bytes of a body; time in which the server does not read does not count")
    mutating func body() {
        receive(100)
        progress.receiveHead()
        for _ in 0..<100 {
            pass(1)
            #expect(progress.fault(at: now) == nil)
            receive(500)
        }
        // Not read from, then read again.
        progress.receive(500, at: now)
        pass(1000)
        #expect(progress.fault(at: now) == nil)
        progress.beginReading(at: now)
        pass(21)
        #expect(progress.fault(at: now) == nil)
        pass(1)
        #expect(progress.fault(at: now) == .slowBody)
    }

    @Test("has 5 minutes and a second for each 100,000 bytes of a body, however much has come")
    mutating func longBody() {
        receive(100)
        progress.receiveHead()
        receive(10_000_000)
        pass(400)
        #expect(progress.fault(at: now) == nil)
        pass(1)
        #expect(progress.fault(at: now) == .slowBody)
    }

    @Test("has its time for a body from when it is asked for it, where it waits for that")
    mutating func asked() {
        receive(100)
        progress.receiveHead(waitsToBeAsked: true)
        pass(100)
        #expect(progress.fault(at: now) == nil)
        progress.askForBody(at: now)
        pass(20)
        #expect(progress.fault(at: now) == nil)
        pass(1)
        #expect(progress.fault(at: now) == .slowBody)
    }

    @Test("goes on after an answer that came before the end of a body, unless that refuses it")
    mutating func early() {
        receive(100)
        progress.receiveHead()
        progress.endAnswer()
        pass(10)
        #expect(progress.fault(at: now) == nil)
        let isEnd = progress.receiveEnd()
        #expect(!isEnd)
    }

    @Test("is worked on when a request is complete, which takes as long as it takes")
    mutating func work() {
        receive(100)
        progress.receiveHead()
        #expect(!progress.isWorkedOn)
        let isEnd = progress.receiveEnd()
        #expect(!isEnd)
        pass(1000)
        #expect(progress.isWorkedOn && progress.fault(at: now) == nil)
        progress.endAnswer()
        #expect(!progress.isWorkedOn)
    }

    @Test("ends 30 s after its client has stopped to take what is sent, unless it goes on")
    mutating func unread() {
        progress.setWritable(false, at: now)
        pass(29)
        progress.setWritable(false, at: now)
        #expect(progress.isFull && progress.fault(at: now) == nil)
        progress.setWritable(true, at: now)
        pass(29)
        #expect(progress.fault(at: now) == nil)
        progress.setWritable(false, at: now)
        pass(31)
        #expect(progress.fault(at: now) == .unread)
    }

    @Test("that is answered before the body is complete is read for 5 s, or until that is")
    mutating func draining() {
        receive(100)
        progress.receiveHead()
        #expect(progress.hasRestOfBody)
        progress.endAnswer()
        progress.drain(at: now)
        receive(1 << 20)
        pass(4)
        #expect(progress.fault(at: now) == nil)
        var ended = progress
        let isEnd = ended.receiveEnd()
        #expect(isEnd)
        pass(2)
        #expect(progress.fault(at: now) == .drained)
    }

    @Test("whose last answer has been sent is left to its client for 5 s")
    mutating func lingering() {
        receive(100)
        progress.receiveHead()
        _ = progress.receiveEnd()
        progress.endAnswer()
        progress.drain(at: now)
        pass(5)
        #expect(progress.fault(at: now) == nil)
        receive(1)
        pass(1)
        #expect(progress.fault(at: now) == .lingering)
    }
}
