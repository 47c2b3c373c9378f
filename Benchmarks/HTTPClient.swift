import Foundation

/// One kept connection to an HTTP server, used by one thread.
final class HTTPClient {
    private let descriptor: Int32
    private var received: [UInt8] = []

    /// What a request was answered with.
    struct Answer {
        var status: Int
        var body: ArraySlice<UInt8>
    }

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw BenchmarkError("cannot connect to port \(port)") }
    }

    deinit {
        close(descriptor)
    }

    func send(_ bytes: UnsafeRawBufferPointer) throws {
        var sent = 0
        while sent < bytes.count {
            let count = Foundation.send(
                descriptor,
                bytes.baseAddress?.advanced(by: sent),
                bytes.count - sent,
                Int32(MSG_NOSIGNAL)
            )
            guard count > 0 else { throw BenchmarkError("the server closed the connection") }
            sent += count
        }
    }

    func send(_ text: String) throws {
        var text = text
        try text.withUTF8 { try send(UnsafeRawBufferPointer($0)) }
    }

    /// Sends a request and reads its answer, which must say its length.
    func request(
        _ method: String,
        _ path: String,
        token: String = "",
        type: String = "application/json",
        _ body: String = ""
    )
        throws -> Answer
    {
        let authorization = token.isEmpty ? "" : "Authorization: Bearer \(token)\r\n"
        try send(
            """
            \(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(authorization)Content-Type: \(type)\r\n\
            Content-Length: \(body.utf8.count)\r\n\r\n\(body)
            """
        )
        return try answer()
    }

    /// Waits until a search finds all that was written.
    func awaitMerges() throws {
        guard try request("GET", "/ComputeNode?hostname=nowhere").status == 200 else {
            throw BenchmarkError("a search failed")
        }
    }

    func answer() throws -> Answer {
        while true {
            if let answer = takeAnswer() { return answer }
            guard try receive() > 0 else { throw BenchmarkError("the server closed the connection") }
        }
    }

    /// Reads everything until the server closes the connection.
    func everything() throws -> [UInt8] {
        while try receive() > 0 {}
        return received
    }

    /// Reads bytes until the server closes the connection, or the bytes end with others.
    ///
    /// - Returns: How many there were.
    func drain(until end: [UInt8]) throws -> Int {
        var total = received.count
        var tail = received.suffix(end.count)
        while Array(tail) != end {
            received.removeAll(keepingCapacity: true)
            let count = try receive()
            if count == 0 { break }
            total += count
            tail = (tail + received.suffix(end.count)).suffix(end.count)
        }
        received.removeAll()
        return total
    }

    private func receive() throws -> Int {
        let count = withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { received.append(contentsOf: buffer[..<count]) }
            return count
        }
        guard count >= 0 else { throw BenchmarkError("the server does not answer") }
        return count
    }

    private func takeAnswer() -> Answer? {
        guard let head = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: received[..<head.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let length =
            lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) } ?? 0
        guard received.count >= head.upperBound + length else { return nil }
        let body = received[head.upperBound..<head.upperBound + length]
        received = Array(received[(head.upperBound + length)...])
        return Answer(status: Int(lines[0].split(separator: " ")[1]) ?? 0, body: body)
    }
}

/// Why a measurement came to nothing.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
