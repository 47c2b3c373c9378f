import CZlib
import NIOCore
import Synchronization

/// Makes gzip (RFC 1952) of bytes that come in pieces.
final class Deflater: Sendable {
    private let stream: Mutex<Stream>

    /// The fastest: inventories consist of addresses and ids, which no effort makes much smaller.
    private static let level: Int32 = 1
    /// A window of 8 KiB, and gzip around it: with ``memoryLevel`` about 100 KB for each answer, where the largest would take
    /// almost three times that for nothing.
    private static let windowBits: Int32 = 13 + 16
    private static let memoryLevel: Int32 = 7

    private struct Stream: ~Copyable {
        // zlib's state points back to it, so it stays where it is.
        let pointer = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

        init() {
            pointer.initialize(to: z_stream())
            let status = deflateInit2_(
                pointer,
                Deflater.level,
                Z_DEFLATED,
                Deflater.windowBits,
                Deflater.memoryLevel,
                Z_DEFAULT_STRATEGY,
                ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)
            )
            precondition(status == Z_OK, "zlib is not the one that it was compiled for, or there is no memory")
        }

        deinit {
            deflateEnd(pointer)
            pointer.deallocate()
        }
    }

    init() {
        stream = Mutex(Stream())
    }

    /// Compresses what comes next.
    ///
    /// - Parameter isLast: Whether nothing follows.
    /// - Returns: What is ready to be sent, which may be nothing.
    func deflate(_ bytes: ByteBuffer, isLast: Bool = false) -> ByteBuffer {
        stream.withLock { stream in
            var (input, output) = (bytes, ByteBuffer())
            let bound = Int(deflateBound(stream.pointer, UInt(input.readableBytes)))
            input.withUnsafeMutableReadableBytes { input in
                stream.pointer.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointer.pointee.avail_in = UInt32(input.count)
                // Until there is room left over, as zlib wants it.
                repeat {
                    output.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { output in
                        stream.pointer.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
                        stream.pointer.pointee.avail_out = UInt32(output.count)
                        CZlib.deflate(stream.pointer, isLast ? Z_FINISH : Z_NO_FLUSH)
                        return output.count - Int(stream.pointer.pointee.avail_out)
                    }
                } while stream.pointer.pointee.avail_out == 0
            }
            return output
        }
    }
}
