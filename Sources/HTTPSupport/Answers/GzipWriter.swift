import HTTPTypes
import Hummingbird
import NIOCore
import Scheduling

/// Compresses an answer on its way, on threads of its own.
struct GzipWriter: TurnTaker {
    private var writer: any ResponseBodyWriter
    private let threads: BackgroundThreads
    private let deflater = Deflater()
    /// What is compressed and not sent.
    private var output = ByteBuffer()

    init(_ writer: any ResponseBodyWriter, _ threads: BackgroundThreads) {
        self.writer = writer
        self.threads = threads
    }

    var pieceSize: Int { (writer as? any TurnTaker)?.pieceSize ?? PieceBuffer.size }

    mutating func write(_ buffer: ByteBuffer) async throws {
        var compressed = await threads.run { [deflater] in deflater.deflate(buffer) }
        output.writeBuffer(&compressed)
        guard output.readableBytes >= PieceBuffer.size else { return }
        try await writer.write(output)
        output.clear()
    }

    mutating func takeTurn() async throws {
        guard var taker = writer as? any TurnTaker else { return }
        try await taker.takeTurn()
        writer = taker
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        // Which is little: what came before has been worked on.
        var compressed = deflater.deflate(ByteBuffer(), isLast: true)
        output.writeBuffer(&compressed)
        try await writer.write(output)
        try await writer.finish(trailingHeaders)
    }
}
