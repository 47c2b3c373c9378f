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

    /// Many documents as an array.
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
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: list(
                count,
                length.map { $0 + 2 + max(0, count - 1) },
                first: "[",
                between: ",",
                end: count == 0 ? "[]" : "]",
                document
            )
        )
    }

    /// Many documents, one a line.
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
        Response(
            status: .ok,
            headers: [.contentType: "application/x-ndjson"],
            body: list(
                count,
                length.map { $0 + count },
                first: nil,
                between: "\n",
                end: count == 0 ? "" : "\n",
                document
            )
        )
    }

    /// Documents with characters before, between and behind them: a short list, whose length is known, in one write, any other piece
    /// by piece.
    private static func list(
        _ count: Int,
        _ length: Int?,
        first: Unicode.Scalar?,
        between: Unicode.Scalar,
        end: String,
        _ document: @escaping @Sendable (Int) -> [UInt8]
    ) -> ResponseBody {
        guard let length, length <= PieceBuffer.size else {
            return ResponseBody(contentLength: length) { writer in
                var buffer = PieceBuffer()
                for index in 0..<count {
                    try await buffer.write(document(index), after: index == 0 ? first : between, to: &writer)
                }
                try await buffer.write(Array(end.utf8), to: &writer)
                try await buffer.finish(&writer)
            }
        }
        var buffer = ByteBuffer()
        buffer.reserveCapacity(length)
        for index in 0..<count {
            if let character = index == 0 ? first : between { buffer.writeInteger(UInt8(ascii: character)) }
            buffer.writeBytes(document(index))
        }
        buffer.writeString(end)
        return ResponseBody(byteBuffer: buffer)
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
