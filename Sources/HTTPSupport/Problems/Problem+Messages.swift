import HTTPTypes
import NIOHTTP1

extension Problem {
    static let urlTooLong = Problem(
        .uriTooLong,
        "The URL is longer than 64 KiB. Ask in parts, or for what the resources have in common, such as xname=x1000c[0-3]s*."
    )

    /// What is wrong with bytes that are no request of HTTP.
    ///
    /// - Parameters:
    ///   - isURLTooLong: Whether a head that is too large is so because of its URL.
    ///   - hasBareLineFeed: Whether a first line that has no version which is known ends with LF alone.
    init(head error: HTTPParserError, isURLTooLong: Bool, hasBareLineFeed: Bool) {
        switch error {
        case .headerOverflow where isURLTooLong: self = .urlTooLong
        case .headerOverflow:
            self.init(
                .requestHeaderFieldsTooLarge,
                "The URL and the headers of a request may have 80 KiB together, and there may be 1,000 headers."
            )
        case .invalidVersion where hasBareLineFeed:
            self.init(
                .badRequest,
                "The lines of a request end with CR LF (RFC 9112, section 2.2); the first one ends with LF alone."
            )
        case .invalidVersion, .paused:
            self.init(.httpVersionNotSupported, "This server speaks HTTP/1.1 and HTTP/1.0.")
        case .invalidMethod:
            self.init(.notImplemented, "The request does not begin with a method of HTTP, such as GET.")
        case .invalidURL:
            self.init(.badRequest, "The URL has a character that must be percent-encoded.")
        case .invalidEOFState:
            self.init(.badRequest, "The connection ended before the request was complete.")
        default:
            self.init(.badRequest, "The request is not valid HTTP (RFC 9112): \(error).")
        }
    }

    /// What is wrong with the framing of a body.
    init(body error: HTTPParserError) {
        switch error {
        case .invalidEOFState: self.init(.badRequest, "The body ended before it was complete.")
        default:
            self.init(.badRequest, "The chunks of the body are not valid (RFC 9112, section 7.1).")
        }
    }
}
