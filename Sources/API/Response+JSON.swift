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
                var buffer = ByteBuffer()
                buffer.reserveCapacity(pieceSize + longDocument)
                if count == 0 { buffer.writeString("[") }
                for index in 0..<count {
                    buffer.write(document(index), after: index == 0 ? "[" : ",")
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

extension ByteBuffer {
    /// Appends a character and bytes in one step, since many are short.
    fileprivate mutating func write(_ bytes: [UInt8], after character: Unicode.Scalar) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count + 1) { target in
            target[0] = UInt8(ascii: character)
            target[1...].copyBytes(from: bytes)
            return bytes.count + 1
        }
    }
}

extension StoredResource {
    /// The version as an entity tag.
    var entityTag: String { "\"\(version)\"" }
}

/// How much is sent at once, in bytes; with one more document it fits a buffer of 256 KiB, as buffers double.
private let pieceSize = (256 << 10) - longDocument

/// The length of most documents at most, in bytes.
private let longDocument = 4096
