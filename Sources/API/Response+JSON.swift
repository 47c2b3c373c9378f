import Foundation
import HTTPTypes
import Hummingbird
import Inventory
import NIOCore
import Schema
import Store

extension Response {
    /// A JSON text.
    static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes))
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
    ///   - selection: The fields that are sent; nil for whole documents.
    ///   - stored: The resource of an element.
    static func resources<Element: Sendable>(
        _ elements: [Element],
        _ selection: FieldSelection? = nil,
        status: HTTPResponse.Status = .ok,
        stored: @escaping @Sendable (Element) -> StoredResource
    ) -> Response {
        let length =
            selection == nil
            ? elements.reduce(2 + max(0, elements.count - 1)) { $0 + stored($1).document.count } : nil
        return Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(contentLength: length) { writer in
                var buffer = ByteBuffer()
                buffer.reserveCapacity(pieceSize + 4096)
                buffer.writeString("[")
                for (index, element) in elements.enumerated() {
                    if index > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
                    let resource = stored(element)
                    buffer.writeBytes(selection?.document(of: resource) ?? resource.document)
                    if buffer.readableBytes >= pieceSize {
                        try await writer.write(buffer)
                        buffer.clear()
                    }
                }
                buffer.writeString("]")
                try await writer.write(buffer)
                try await writer.finish(nil)
            }
        )
    }

    /// A JSON text that is sent piece by piece.
    static func json(pieces: some Sequence<[UInt8]> & Sendable) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/json"],
            body: ResponseBody { writer in
                var buffer = ByteBuffer()
                for piece in pieces {
                    buffer.writeBytes(piece)
                    if buffer.readableBytes >= pieceSize {
                        try await writer.write(buffer)
                        buffer.clear()
                    }
                }
                try await writer.write(buffer)
                try await writer.finish(nil)
            }
        )
    }
}

extension StoredResource {
    /// The version as an entity tag.
    var entityTag: String { "\"\(version)\"" }
}

/// How much is sent at once, in bytes.
private let pieceSize = 256 << 10
