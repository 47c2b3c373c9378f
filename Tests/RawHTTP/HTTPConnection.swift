import Foundation

/// A connection to a server, used by one thread, that sends whatever bytes it is given.
package final class HTTPConnection {
    private let descriptor: Int32
    private var received: [UInt8] = []

    /// An answer of the server.
    package struct Answer {
        package var status: Int
        /// By lower-case name.
        package var headers: [String: String]
        package var body: [UInt8]

        package var text: String { String(decoding: body, as: UTF8.self) }

        /// The version in the `ETag`, a sequence number.
        package var version: Int? { headers["etag"].flatMap { Int($0.trimmingCharacters(in: ["\""])) } }
    }

    /// The server closed the connection, or sent what is not HTTP.
    package struct BrokenConnection: Error {
        /// What the system says, "Resource temporarily unavailable" when nothing came for two minutes; nil at the end.
        package var reason: String?

        package init(reason: String? = nil) {
            self.reason = reason
        }
    }

    package init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
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
        guard result == 0 else { throw BrokenConnection() }
    }

    deinit {
        close(descriptor)
    }

    package func send(_ bytes: UnsafeRawBufferPointer) throws {
        var sent = 0
        while sent < bytes.count {
            let count = Foundation.send(
                descriptor,
                bytes.baseAddress?.advanced(by: sent),
                bytes.count - sent,
                Int32(MSG_NOSIGNAL)
            )
            guard count > 0 else { throw BrokenConnection() }
            sent += count
        }
    }

    package func send(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try send($0) }
    }

    package func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    /// Sends one request.
    package func send(
        _ method: String,
        _ path: String,
        token: String? = nil,
        headers: [String: String] = [:],
        body: String? = nil
    ) throws {
        try send(method, path, token: token, headers: headers, bytes: body.map { Array($0.utf8) })
    }

    /// Sends one request with a body of any bytes.
    package func send(
        _ method: String,
        _ path: String,
        token: String? = nil,
        headers: [String: String] = [:],
        bytes: [UInt8]?
    ) throws {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: localhost"]
        if let token { lines.append("Authorization: Bearer \(token)") }
        if let bytes { lines.append("Content-Length: \(bytes.count)") }
        lines += headers.map { "\($0.key): \($0.value)" }
        try send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (bytes ?? []))
    }

    /// Sends a request and reads its answer; further ones can follow on the connection.
    package func request(
        _ method: String,
        _ path: String,
        token: String? = nil,
        type: String = "application/json",
        _ body: String? = nil
    ) throws -> Answer {
        try send(method, path, token: token, headers: body == nil ? [:] : ["Content-Type": type], body: body)
        return try answer()
    }

    /// Lets no more than about so many bytes wait unread on this side.
    package func limitUnread(to bytes: Int) {
        var size = Int32(bytes)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Sends the same bytes again and again until the server has taken none for a second.
    ///
    /// - Returns: How many bytes it took; nil when those were as many as the limit.
    package func sendUntilHeldUp(_ bytes: [UInt8], limit: Int) -> Int? {
        var timeout = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var total = 0
        while total < limit {
            let start = total % bytes.count
            let count = bytes[start...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return total }
            total += count
        }
        return nil
    }

    /// Ends the connection at once, as when the client's machine is gone.
    package func cut() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Tells the server that nothing more comes.
    package func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Reads one answer.
    ///
    /// - Parameter hasBody: False for the answer to a HEAD.
    package func answer(hasBody: Bool = true) throws -> Answer {
        var answer = try head()
        if !hasBody || answer.status == 204 || answer.status < 200 { return answer }
        if answer.headers["transfer-encoding"] == "chunked" {
            while let chunk = try chunk() { answer.body += chunk }
        } else {
            answer.body = try read(count: answer.headers["content-length"].flatMap { Int($0) } ?? 0)
        }
        return answer
    }

    /// Reads an answer up to its body.
    package func head() throws -> Answer {
        let head = try read(until: Array("\r\n\r\n".utf8))
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw BrokenConnection()
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() where line.contains(":") {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        return Answer(status: status, headers: headers, body: [])
    }

    /// Reads the next part of a body that comes in chunks; nil at its end.
    package func chunk() throws -> [UInt8]? {
        let size = String(decoding: try read(until: Array("\r\n".utf8)).dropLast(2), as: UTF8.self)
        guard let count = Int(size, radix: 16) else { throw BrokenConnection() }
        let chunk = Array(try read(count: count + 2).dropLast(2))
        return count == 0 ? nil : chunk
    }

    private func read(until end: [UInt8]) throws -> [UInt8] {
        while true {
            if let range = received.firstRange(of: end) { return take(range.upperBound) }
            try receive()
        }
    }

    package func read(count: Int) throws -> [UInt8] {
        while received.count < count { try receive() }
        return take(count)
    }

    private func take(_ count: Int) -> [UInt8] {
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    /// - Returns: How many bytes came; 0 when the server has closed the connection.
    private func receiveSome() throws -> Int {
        let count = withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { received.append(contentsOf: buffer[..<count]) }
            return count
        }
        guard count >= 0 else { throw BrokenConnection(reason: String(cString: strerror(errno))) }
        return count
    }

    private func receive() throws {
        guard try receiveSome() > 0 else { throw BrokenConnection() }
    }

    /// Reads everything until the server closes the connection.
    package func everything() throws -> [UInt8] {
        while try receiveSome() > 0 {}
        return received
    }

    /// Reads bytes until the server closes the connection, or the bytes end with others.
    ///
    /// - Returns: How many there were.
    package func drain(until end: [UInt8]) throws -> Int {
        var total = received.count
        var tail = received.suffix(end.count)
        while Array(tail) != end {
            received.removeAll(keepingCapacity: true)
            let count = try receiveSome()
            if count == 0 { break }
            total += count
            tail = (tail + received.suffix(end.count)).suffix(end.count)
        }
        received.removeAll()
        return total
    }
}
