import Foundation
package import HTTPTypes
package import Hummingbird
import NIOCore
import Scheduling

extension Response {
    /// A JSON text.
    package static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
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

    /// Many documents as an array, which is sent piece by piece.
    ///
    /// - Parameters:
    ///   - count: How many there are.
    ///   - length: The size of all of them together, in bytes, where it is known.
    ///   - document: The document with an index.
    package static func documents(
        count: Int,
        length: Int?,
        status: HTTPResponse.Status = .ok,
        document: @escaping @Sendable (Int) -> [UInt8]
    ) -> Response {
        let length = length.map { $0 + 2 + max(0, count - 1) }
        let short = short(length) { buffer in
            for index in 0..<count {
                buffer.writeInteger(UInt8(ascii: index == 0 ? "[" : ","))
                buffer.writeBytes(document(index))
            }
            buffer.writeString(count == 0 ? "[]" : "]")
        }
        return Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: short
                ?? ResponseBody(contentLength: length) { writer in
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

    /// The body of a short answer, which is sent in one write; nil for a longer one, or one whose length is not known.
    private static func short(_ length: Int?, _ fill: (inout ByteBuffer) -> Void) -> ResponseBody? {
        guard let length, length <= PieceBuffer.size else { return nil }
        var buffer = ByteBuffer()
        buffer.reserveCapacity(length)
        fill(&buffer)
        return ResponseBody(byteBuffer: buffer)
    }

    /// Many documents, one a line, which are sent piece by piece.
    ///
    /// - Parameters:
    ///   - count: How many there are.
    ///   - length: The size of all of them together, in bytes, where it is known.
    ///   - document: The document with an index.
    package static func lines(
        count: Int,
        length: Int?,
        document: @escaping @Sendable (Int) -> [UInt8]
    ) -> Response {
        let length = length.map { $0 + count }
        let short = short(length) { buffer in
            for index in 0..<count {
                buffer.writeBytes(document(index))
                buffer.writeInteger(UInt8(ascii: "\n"))
            }
        }
        return Response(
            status: .ok,
            headers: [.contentType: "application/x-ndjson"],
            body: short
                ?? ResponseBody(contentLength: length) { writer in
                    var buffer = PieceBuffer()
                    for index in 0..<count {
                        try await buffer.write(document(index), after: index == 0 ? nil : "\n", to: &writer)
                    }
                    if count > 0 { try await buffer.write([UInt8(ascii: "\n")], to: &writer) }
                    try await buffer.finish(&writer)
                }
        )
    }

    /// A JSON text that is sent piece by piece.
    package static func json(pieces: some Sequence<[UInt8]> & Sendable) -> Response {
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
