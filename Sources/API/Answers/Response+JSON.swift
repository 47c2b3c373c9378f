import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Records

extension Response {
    /// A JSON text.
    static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: bytes.count <= PieceBuffer.size
                ? .init(byteBuffer: ByteBuffer(bytes: bytes))
                : ResponseBody(contentLength: bytes.count) { writer in
                    var buffer = PieceBuffer()
                    try await buffer.write(bytes, to: &writer)
                    try await buffer.finish(&writer)
                }
        )
    }

    /// One resource with its version.
    static func resource(_ stored: StoredResource, status: HTTPResponse.Status = .ok) -> Response {
        var response = json(stored.document, status: status)
        response.headers[.eTag] = stored.entityTag
        return response
    }

    /// Many resources as an array, which is sent piece by piece.
    ///
    /// - Parameters:
    ///   - count: How many there are.
    ///   - length: The size of all of them together, in bytes, where it is known.
    ///   - document: The document with an index.
    static func resources(
        count: Int,
        length: Int?,
        status: HTTPResponse.Status = .ok,
        document: @escaping @Sendable (Int) -> [UInt8]
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(contentLength: length.map { $0 + 2 + max(0, count - 1) }) { writer in
                var buffer = PieceBuffer()
                if count == 0 { try await buffer.write([UInt8(ascii: "[")], to: &writer) }
                for index in 0..<count {
                    try await buffer.write(document(index), after: index == 0 ? "[" : ",", to: &writer)
                }
                try await buffer.write([UInt8(ascii: "]")], to: &writer)
                try await buffer.finish(&writer)
            }
        )
    }

    /// A JSON text that is sent piece by piece.
    static func json(pieces: some Sequence<[UInt8]> & Sendable) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/json"],
            body: ResponseBody { writer in
                var buffer = PieceBuffer()
                for piece in pieces { try await buffer.write(piece, to: &writer) }
                try await buffer.finish(&writer)
            }
        )
    }
}

extension StoredResource {
    /// The version as an entity tag.
    var entityTag: String { "\"\(version)\"" }
}
