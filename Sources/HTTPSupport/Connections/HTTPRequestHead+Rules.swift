import HTTPTypes
import NIOHTTP1

extension HTTPRequestHead {
    /// What the head breaks of the rules of HTTP that the parser does not know (RFC 9112, and RFC 9110 for `Expect`).
    ///
    /// It is asked of each request, so it goes over the headers once and makes nothing.
    var breach: Problem? {
        var hostCount = 0
        var coding: String?
        var expectation: String?
        for (name, value) in headers {
            switch name.utf8.count {
            case 4 where name.isSame(as: "host"):
                hostCount += 1
                guard value.isHost else {
                    return Self.malformed("The Host header is no host with a port or without one.")
                }
            case 6 where name.isSame(as: "expect"): expectation = value
            case 17 where name.isSame(as: "transfer-encoding"): coding = coding.map { "\($0), \(value)" } ?? value
            default: break
            }
        }
        // RFC 9112, section 3.2.
        if hostCount > 1 { return Self.malformed("There is more than one Host header.") }
        if hostCount == 0, !isVersion10 { return Self.malformed("A request of HTTP/1.1 needs a Host header.") }
        if let coding {
            // RFC 9112, section 6.1.
            guard !isVersion10 else { return Self.malformed("HTTP/1.0 has no Transfer-Encoding.") }
            guard coding.isSame(as: "chunked") else {
                return Problem(.notImplemented, "The only Transfer-Encoding is chunked; this is \(coding).")
            }
        }
        // RFC 9110, section 10.1.1; what HTTP/1.0 expects is ignored.
        if let expectation, !isVersion10, !expectation.isSame(as: "100-continue") {
            return Problem(.expectationFailed, "The only Expect is 100-continue; this is \(expectation).")
        }
        return nil
    }

    /// Whether the client speaks HTTP/1.0; the parser takes no other version than that and HTTP/1.1.
    var isVersion10: Bool { version == .http1_0 }

    private static func malformed(_ detail: String) -> Problem { Problem(.badRequest, detail) }

    /// Whether what follows on the connection is no further request: where the client wants another protocol, the parser
    /// stops (RFC 9110, sections 7.8 and 9.3.6).
    var endsParsing: Bool {
        method == .CONNECT || (headers.contains(name: "upgrade") && headers.contains(name: "connection"))
    }

    /// Has the host of a target in absolute form count, whatever the Host header says (RFC 9112, section 3.2.2).
    ///
    /// - Returns: False where the target has no host that is one.
    mutating func takeHostOfTarget() -> Bool {
        guard method != .CONNECT, uri.utf8.first != UInt8(ascii: "/"), let scheme = uri.firstRange(of: "://") else {
            return true
        }
        let host = uri[scheme.upperBound...].prefix { !["/", "?", "#"].contains($0) }
        guard !host.isEmpty, String(host).isHost else { return false }
        headers.replaceOrAdd(name: "Host", value: String(host))
        return true
    }
}

extension String {
    /// Whether it is the same but for the case of its letters, all of which are ASCII.
    ///
    /// - Parameter other: In lower case.
    fileprivate func isSame(as other: StaticString) -> Bool {
        guard utf8.count == other.utf8CodeUnitCount else { return false }
        return other.withUTF8Buffer { other in
            zip(utf8, other).allSatisfy { $0 == $1 || (UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 && $0 | 0x20 == $1) }
        }
    }

    /// Whether it is the value of a Host header: a host, perhaps an empty one, and perhaps a port (RFC 9110, section 7.2).
    var isHost: Bool {
        var rest = utf8[...]
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
            guard rest[..<end].dropFirst().allSatisfy({ $0.isInAddressLiteral }) else { return false }
            rest = rest[rest.index(after: end)...]
            guard rest.isEmpty || rest.first == UInt8(ascii: ":") else { return false }
        } else {
            let end = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
            guard rest[..<end].allSatisfy({ $0.isInHostName }) else { return false }
            rest = rest[end...]
        }
        return rest.dropFirst().allSatisfy { $0.isDigit }
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }

    fileprivate var isLetter: Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= self | 0x20 }

    /// RFC 3986, section 3.2.2: `reg-name`, where a `%` may be anywhere.
    fileprivate var isInHostName: Bool {
        if isLetter || isDigit { return true }
        switch UnicodeScalar(self) {
        case "-", ".", "_", "~", "%", "!", "$", "&", "'", "(", ")", "*", "+", ",", ";", "=": return true
        default: return false
        }
    }

    /// RFC 3986, section 3.2.2: `IP-literal`.
    fileprivate var isInAddressLiteral: Bool { isInHostName || self == UInt8(ascii: ":") }
}
