package import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// A request that its client may send again and wants to be done once: one with the field `Idempotency-Key`
/// (<https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>).
package final class RepeatableRequest: Sendable {
    /// What the client calls it, 1 to 255 visible ASCII characters.
    package let key: String
    /// Of what tells it from other requests: method, path, query, conditions, and what has been read of the body.
    private let hash: Mutex<SHA256>

    private static let maximumLength = 255

    /// - Parameter target: The path and query that the client has sent, where another server has passed the request on by others.
    /// - Returns: Nil for a request without a key.
    /// - Throws: ``Problem`` 400 for what is no key.
    init?(_ request: Request, target: String?) throws(Problem) {
        // Most requests have none.
        guard request.headers.contains(.idempotencyKey) else { return nil }
        let values = request.headers[values: .idempotencyKey]
        guard let value = values.first else { return nil }
        var text = value[...]
        // A string of structured fields (RFC 9651, section 3.3.3), or the same without quotes.
        if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") { text = text.dropFirst().dropLast() }
        let isKey = text.utf8.allSatisfy {
            (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        guard values.count == 1, isKey, (1...Self.maximumLength).contains(text.utf8.count) else {
            throw Problem(
                .badRequest,
                "The Idempotency-Key must be 1 to \(Self.maximumLength) visible ASCII characters without quotes and backslashes, "
                    + "such as a UUID, and come once."
            )
        }
        key = String(text)
        var hash = SHA256()
        let parts =
            [request.method.rawValue, (target ?? request.target).encodedTarget]
            + [HTTPField.Name.contentType, .ifMatch, .ifNoneMatch]
            .map { request.headers[$0] ?? "" }
        // No field has a zero in it.
        for part in parts { hash.update(data: Data(part.utf8) + [0]) }
        self.hash = Mutex(hash)
    }

    /// Takes note of a piece of the body.
    func add(_ piece: ByteBuffer) {
        hash.withLock { hash in
            piece.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        }
    }

    /// The SHA-256 of what the request is, once its body has been read.
    package var digest: SHA256Digest { hash.withLock { $0.finalize() } }
}
