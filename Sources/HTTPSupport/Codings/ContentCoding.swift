import HTTPTypes
import Hummingbird

/// How what a body says is written into its bytes (RFC 9110, section 8.4.1).
package enum ContentCoding: Sendable {
    case identity
    case gzip
}

extension Request {
    /// The coding of the body.
    ///
    /// - Throws: ``Problem`` 415 for any other, and for several, with those that there are in `Accept-Encoding`.
    package func contentCoding() throws(Problem) -> ContentCoding {
        guard let text = headers[.contentEncoding] else { return .identity }
        switch text.lowercased() {
        case "", "identity": return .identity
        case "gzip", "x-gzip": return .gzip
        default:
            throw Problem(
                .unsupportedMediaType,
                "The Content-Encoding \(text) is not supported; send gzip, or the body as it is.",
                headers: [.acceptEncoding: "gzip"]
            )
        }
    }
}
