import Foundation
import RawHTTP
import Synchronization

/// Many connections that write at the same time, each one request after the other.
enum Writers {
    /// Writes for so long.
    ///
    /// - Parameters:
    ///   - interval: How long after a request of a connection its next one comes; nil for as soon as it is answered.
    ///   - answered: Takes each answer.
    ///   - request: Makes the next request of a connection: method, path and body.
    /// - Returns: How many requests were answered a second.
    @discardableResult
    static func run(
        port: Int,
        token: String,
        connections: Int,
        seconds: Double,
        every interval: Duration? = nil,
        answered: @escaping @Sendable (HTTPConnection.Answer) -> Void = { _ in },
        _ request: @escaping @Sendable (_ connection: Int, _ index: Int) -> (method: String, path: String, body: String)
    ) throws -> Double {
        let count = Atomic(0)
        let failure = Mutex<String?>(nil)
        let start = ContinuousClock.now
        let end = start + .seconds(seconds)
        DispatchQueue.concurrentPerform(threads: connections) { connection in
            do {
                let client = try HTTPConnection(port: port)
                var index = 0
                while ContinuousClock.now < end {
                    if let wait = interval.map({ start + $0 * index - .now }), wait > .zero {
                        Thread.sleep(forTimeInterval: wait.inSeconds)
                    }
                    let (method, path, body) = request(connection, index)
                    let answer = try client.request(method, path, token: token, body)
                    guard (200..<300).contains(answer.status) else {
                        throw BenchmarkError("\(method) \(path): \(String(decoding: answer.body, as: UTF8.self))")
                    }
                    answered(answer)
                    count.add(1, ordering: .relaxed)
                    index += 1
                }
            } catch {
                failure.withLock { $0 = "\(error)" }
            }
        }
        if let failure = failure.withLock(\.self) { throw BenchmarkError(failure) }
        return Double(count.load(ordering: .relaxed)) / (ContinuousClock.now - start).inSeconds
    }
}

extension DispatchQueue {
    /// Does something on so many threads and waits for all.
    fileprivate static func concurrentPerform(threads: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let group = DispatchGroup()
        for index in 0..<threads {
            group.enter()
            Thread.detachNewThread {
                body(index)
                group.leave()
            }
        }
        group.wait()
    }
}

extension Duration {
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
