import CZlib
import NIOCore

/// Makes of gzip (RFC 1952), which comes in pieces, what was compressed, in pieces of limited size: however little stands for
/// however much.
final class Inflater {
    // zlib's state points back to it, so it stays where it is.
    private let stream: UnsafeMutablePointer<z_stream>
    /// What has come and has not been looked at.
    private var input = ByteBuffer()
    /// Whether all of a member has been seen, or nothing at all; members follow one another (RFC 1952, section 2.2).
    private var isBetweenMembers = true
    private var memberCount = 0
    /// What is wrong behind what has been inflated.
    private var failure: InflateError?

    /// The size of a piece, in bytes, at most.
    private static let pieceSize = 64 << 10
    /// The largest window, and gzip alone.
    private static let windowBits: Int32 = 15 + 16

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = inflateInit2_(stream, Self.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib is not the one that it was compiled for, or there is no memory")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Takes what comes next; what came before has to be used up.
    func append(_ bytes: ByteBuffer) {
        input = bytes
    }

    /// The next piece; nil where there is none before more is appended.
    ///
    /// - Throws: ``InflateError`` for what is no gzip, when all before it has been returned.
    func next() throws(InflateError) -> ByteBuffer? {
        var output = ByteBuffer()
        var status = Z_OK
        while failure == nil, output.readableBytes < Self.pieceSize, status != Z_BUF_ERROR {
            if isBetweenMembers {
                guard input.readableBytes > 0 else { break }
                inflateReset(stream)
                isBetweenMembers = false
            }
            status = step(&output)
            switch status {
            case Z_OK, Z_BUF_ERROR: break
            case Z_STREAM_END:
                isBetweenMembers = true
                memberCount += 1
            default: failure = InflateError(reason: stream.pointee.msg.map { String(cString: $0) } ?? "error \(status)")
            }
        }
        guard output.readableBytes == 0 else { return output }
        if let failure { throw failure }
        return nil
    }

    /// Inflates as much as there is, and there is room for.
    ///
    /// - Returns: What zlib says; `Z_BUF_ERROR` where more has to come.
    private func step(_ output: inout ByteBuffer) -> Int32 {
        input.readWithUnsafeMutableReadableBytes { input in
            var status = Z_OK
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.pieceSize - output.readableBytes) { output in
                let room = min(output.count, Self.pieceSize)
                stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32(room)
                status = inflate(stream, Z_NO_FLUSH)
                return room - Int(stream.pointee.avail_out)
            }
            return (input.count - Int(stream.pointee.avail_in), status)
        }
    }

    /// - Throws: ``InflateError`` where the end is missing.
    func finish() throws(InflateError) {
        guard isBetweenMembers, memberCount > 0 else { throw InflateError(reason: "its end is missing") }
    }
}

/// What came is no gzip.
struct InflateError: Error {
    let reason: String
}
