import CSystemShims
import Foundation
import Records

/// Sends and receives frames, waiting for each: it is used on threads that may wait.
///
/// A socket is closed by whoever has opened it.
struct FrameSocket {
    private let descriptor: Int32
    /// What has been received and not been read.
    private var received: [UInt8] = []
    private var start = 0

    /// What is read at once.
    private var chunk = [UInt8](repeating: 0, count: Self.chunkSize)

    private static let chunkSize = 256 << 10

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Sends a frame.
    func send(_ frame: Frame) throws(BrokenConnection) {
        precondition(frame.payload.count <= Frame.maximumSize, "a frame has a limit")
        var bytes: [UInt8] = [frame.tag.rawValue]
        bytes.reserveCapacity(Frame.headerSize + frame.payload.count)
        bytes.append(littleEndian: UInt32(frame.payload.count))
        bytes += frame.payload
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { no_send(descriptor, $0.baseAddress! + sent, $0.count - sent) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .closed }
            sent += count
        }
    }

    /// Receives the next frame.
    ///
    /// - Throws: Also when the other side has closed the socket.
    mutating func receive() throws(BrokenConnection) -> Frame {
        try fill(Frame.headerSize)
        let size = received.withUnsafeBytes {
            Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: start + 1, as: UInt32.self)))
        }
        guard let tag = Frame.Tag(rawValue: received[start]), size <= Frame.maximumSize else {
            throw BrokenConnection(description: "the other side is out of step")
        }
        try fill(Frame.headerSize + size)
        let payload = Array(received[start + Frame.headerSize..<start + Frame.headerSize + size])
        start += Frame.headerSize + size
        if start == received.count {
            received.removeAll(keepingCapacity: received.count <= Self.chunkSize)
            start = 0
        }
        return Frame(tag, payload)
    }

    /// Makes sure that so many bytes have been received.
    private mutating func fill(_ wanted: Int) throws(BrokenConnection) {
        guard received.count - start < wanted else { return }
        received.removeSubrange(..<start)
        start = 0
        while received.count < wanted {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .closed }
            received += chunk[..<count]
        }
    }
}
