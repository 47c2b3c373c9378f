import Foundation
import HTTPTypes
import Hummingbird
package import NIOCore
import Scheduling
import Schema

extension Request {
    package static let jsonTypes = ["application/json", "text/json"]

    /// Reads the body as JSON and goes on with what is made of it.
    ///
    /// - Parameters:
    ///   - types: The media types that it may have.
    ///   - limit: Its largest size, in bytes, as it comes and as what that stands for.
    ///   - read: Makes something of the bytes; for a large body on a thread of its own.
    ///   - use: Goes on with that. Until it is done the body counts as being there.
    /// - Throws: ``Problem`` 413 above the limit, 415 for another media type or coding; what `read` and `use` throw.
    package func withBody<Value: Sendable, Result>(
        _ context: RouteContext,
        _ types: [String] = Self.jsonTypes,
        atMost limit: Int = Problem.maximumDocumentSize,
        _ read: @escaping @Sendable (ByteBuffer) throws -> Value,
        then use: (Value) async throws -> Result
    ) async throws -> Result {
        guard mediaType.map(types.contains) ?? true else {
            throw Problem(
                .unsupportedMediaType,
                "The Content-Type must be \(types[0]), not \(headers[.contentType] ?? "")."
            )
        }
        let coding = try contentCoding()
        let sentLength = headers[.contentLength].flatMap { Int($0) }
        if let sentLength, sentLength > limit { throw Problem.bodyTooLarge(limit) }
        // What is compressed may come to as much as may be.
        let isLarge = sentLength.map { $0 > Bodies.smallSize } ?? false
        let length = coding == .identity ? sentLength : isLarge ? limit : nil
        let bodies = context.traffic.bodies
        var room = try await bodies.room(for: length ?? 0, of: context.caller)
        defer { withExtendedLifetime(room) {} }
        context.askForBody(of: self)
        var bytes = ByteBuffer()
        var pieces = BodyContent(body, coding, atMost: limit).makeAsyncIterator()
        while var piece = try await pieces.next() {
            guard bytes.readableBytes + piece.readableBytes <= limit else { throw Problem.bodyTooLarge(limit) }
            context.repeatable?.add(piece)
            bytes.writeBuffer(&piece)
            // Of a body whose length nobody knows before.
            if length == nil, room == nil, bytes.readableBytes > Bodies.smallSize {
                room = try await bodies.room(for: limit, of: context.caller)
            }
        }
        return try await use(try await bodies.read(bytes, read))
    }

    /// The media type of the body, without parameters; nil where the request does not say it.
    package var mediaType: String? {
        headers[.contentType].map { type in
            var name = type.utf8.prefix { $0 != UInt8(ascii: ";") }
            while name.last == UInt8(ascii: " ") { name.removeLast() }
            return Substring(name).lowercased()
        }
    }
}
