import Foundation

/// A connection to the server that sends whatever bytes it is given.
final class HTTPConnection {
    private let descriptor: Int32
    private var received: [UInt8] = []

    /// An answer of the server.
    struct Answer {
        var status: Int
        /// By lower-case name.
        var headers: [String: String]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        /// The version in the `ETag`, a sequence number.
        var version: Int? { headers["etag"].flatMap { Int($0.trimmingCharacters(in: ["\""])) } }
    }

    /// The server closed the connection, or sent what is not HTTP.
    struct BrokenConnection: Error {
        /// What the system says, "Resource temporarily unavailable" when nothing came for two minutes; nil at the end.
        var reason: String?
    }

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
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

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BrokenConnection() }
            sent += count
        }
    }

    /// Sends one request.
    func send(
        _ method: String,
        _ path: String,
        token: String? = nil,
        headers: [String: String] = [:],
        body: String? = nil
    ) throws {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: localhost"]
        if let token { lines.append("Authorization: Bearer \(token)") }
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        lines += headers.map { "\($0.key): \($0.value)" }
        try send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")).utf8))
    }

    /// Sends a write and reads its answer; further ones can follow on the connection.
    func write(_ method: String, _ path: String, token: String, _ body: String? = nil) throws -> Answer {
        try send(method, path, token: token, headers: ["Content-Type": "application/json"], body: body)
        return try answer()
    }

    /// Lets no more than about so many bytes wait unread on this side.
    func limitUnread(to bytes: Int) {
        var size = Int32(bytes)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Sends the same bytes again and again until the server has taken none for a second.
    ///
    /// - Returns: How many bytes it took; nil when those were as many as the limit.
    func sendUntilHeldUp(_ bytes: [UInt8], limit: Int) -> Int? {
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
    func cut() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Tells the server that nothing more comes.
    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Reads one answer.
    ///
    /// - Parameter hasBody: False for the answer to a HEAD.
    func answer(hasBody: Bool = true) throws -> Answer {
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
    func head() throws -> Answer {
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
    func chunk() throws -> [UInt8]? {
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

    func read(count: Int) throws -> [UInt8] {
        while received.count < count { try receive() }
        return take(count)
    }

    private func take(_ count: Int) -> [UInt8] {
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    private func receive() throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw BrokenConnection(reason: count < 0 ? String(cString: strerror(errno)) : nil) }
        received += buffer.prefix(count)
    }
}

extension ServerProcess {
    /// Sends one request on a connection of its own and reads the answer.
    func request(
        _ method: String,
        _ path: String,
        token: String? = nil,
        headers: [String: String] = [:],
        body: String? = nil
    ) throws -> HTTPConnection.Answer {
        let connection = try HTTPConnection(port: port)
        let headers = headers.merging(["Connection": "close"]) { $1 }
        try connection.send(method, path, token: token, headers: headers, body: body)
        return try connection.answer(hasBody: method != "HEAD")
    }

    /// A write with the local client's token.
    func write(_ method: String, _ path: String, _ body: String? = nil) throws -> HTTPConnection.Answer {
        try request(method, path, token: clientToken(), headers: ["Content-Type": "application/json"], body: body)
    }
}
