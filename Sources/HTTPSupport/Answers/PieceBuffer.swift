import Hummingbird
import NIOCore

/// Sends an answer in pieces, so that a client that does not read holds little memory.
struct PieceBuffer {
    private var buffer = ByteBuffer()
    /// The size of the next piece, in bytes.
    private var size = Self.size

    /// The size of a piece, in bytes, unless ``TurnTaker/pieceSize`` says otherwise.
    static let size = 64 << 10

    init() {
        buffer.reserveCapacity(Self.size)
    }

    /// Adds bytes, and sends what makes a piece.
    ///
    /// - Parameter character: What stands before them.
    mutating func write(
        _ bytes: [UInt8],
        after character: Unicode.Scalar? = nil,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        if let character { buffer.writeInteger(UInt8(ascii: character)) }
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + max(0, size - buffer.readableBytes))
            buffer.writeBytes(bytes[start..<end])
            start = end
            guard buffer.readableBytes >= size else { break }
            try await writer.write(buffer)
            buffer.clear()
            if var taker = writer as? any TurnTaker {
                try await taker.takeTurn()
                size = taker.pieceSize
                writer = taker
            }
        }
    }

    /// Sends the rest, and ends the answer.
    func finish(_ writer: inout any ResponseBodyWriter) async throws {
        try await writer.write(buffer)
        try await writer.finish(nil)
    }
}
