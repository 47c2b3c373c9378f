import HTTPTypes
import NIOHTTP1

/// What a head says that HTTP has rules for which the parser does not know (RFC 9112, and RFC 9110 for `Expect`).
///
/// It is asked of each request, so it goes over the headers once and makes nothing.
struct HeadCheck {
    /// The rule that is broken, if any is.
    private(set) var breach: Problem?
    /// Whether what follows on the connection is no further request: where the client wants another protocol, the parser
    /// stops (RFC 9110, sections 7.8 and 9.3.6).
    private(set) var endsParsing: Bool
    /// The host of a target in absolute form, which counts whatever the Host header says (RFC 9112, section 3.2.2).
    private(set) var host: String?

    /// How long a URL may be, in bytes.
    private static let maximumURLLength = 64 << 10

    init(_ head: HTTPRequestHead) {
        var hostCount = 0
        var hasGoodHost = true
        var coding: String?
        var expectation: String?
        endsParsing = head.method == .CONNECT
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 4 where name.isSame(as: "host"):
                hostCount += 1
                hasGoodHost = hasGoodHost && value.isHost
            case 6 where name.isSame(as: "expect"):
                expectation = expectation.map { "\($0), \(value)" } ?? value
            case 7 where name.isSame(as: "upgrade"): endsParsing = true
            case 17 where name.isSame(as: "transfer-encoding"): coding = coding.map { "\($0), \(value)" } ?? value
            default: break
            }
        }
        breach =
            (head.uri.utf8.count > Self.maximumURLLength ? .urlTooLong : nil)
            ?? Self.breach(ofHosts: hostCount, areGood: hasGoodHost, head)
            ?? coding.flatMap { Self.breach(ofCoding: $0, head) }
            ?? expectation.flatMap { Self.breach(ofExpectation: $0, head) }
        guard breach == nil, head.method != .CONNECT, head.uri.utf8.first != UInt8(ascii: "/") else { return }
        guard let scheme = head.uri.firstRange(of: "://") else { return }
        let host = String(head.uri[scheme.upperBound...].prefix { !["/", "?", "#"].contains($0) })
        if host.isEmpty || !host.isHost { breach = Self.malformed("The host in the URL is not valid.") }
        self.host = host
    }

    /// RFC 9112, section 3.2.
    private static func breach(ofHosts count: Int, areGood: Bool, _ head: HTTPRequestHead) -> Problem? {
        if count > 1 { return malformed("There is more than one Host header.") }
        if count == 0, !head.isVersion10 { return malformed("A request of HTTP/1.1 needs a Host header.") }
        return areGood ? nil : malformed("The Host header must be a host, with or without a port.")
    }

    /// RFC 9112, section 6.1.
    private static func breach(ofCoding coding: String, _ head: HTTPRequestHead) -> Problem? {
        if head.isVersion10 { return malformed("HTTP/1.0 has no Transfer-Encoding.") }
        if coding.isSame(as: "chunked") { return nil }
        return Problem(.notImplemented, "The Transfer-Encoding \(coding) is not supported; only chunked is.")
    }

    /// RFC 9110, section 10.1.1; what HTTP/1.0 expects is ignored.
    private static func breach(ofExpectation expectation: String, _ head: HTTPRequestHead) -> Problem? {
        let members = expectation.split(separator: ",").map(\.trimmingSpaces)
        if head.isVersion10 || (!members.isEmpty && members.allSatisfy { String($0).isSame(as: "100-continue") }) {
            return nil
        }
        return Problem(.expectationFailed, "The Expect \(expectation) is not supported; only 100-continue is.")
    }

    private static func malformed(_ detail: String) -> Problem { Problem(.badRequest, detail) }
}

extension HTTPRequestHead {
    /// Whether the client speaks HTTP/1.0; the parser takes no other version than that and HTTP/1.1.
    var isVersion10: Bool { version == .http1_0 }
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
