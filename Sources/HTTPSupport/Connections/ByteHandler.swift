import NIOCore

/// Sees the bytes of a connection, before they are requests, and when the server waits for some.
final class ByteHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private unowned let handler: ConnectionHandler
    /// Whether the first line of the head that is being received was complete before the bytes that came last.
    private(set) var hasRequestLine = false
    /// The bytes that are being read.
    private var bytes = ByteBuffer()

    init(_ handler: ConnectionHandler) {
        self.handler = handler
    }

    func read(context: ChannelHandlerContext) {
        handler.beginReading()
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if !handler.isInHead { hasRequestLine = false }
        handler.receive(bytes.readableBytes)
        self.bytes = bytes
        context.fireChannelRead(data)
        self.bytes = ByteBuffer()
        // Most heads come at once, and are not looked through.
        if handler.isInHead, !hasRequestLine { hasRequestLine = bytes.readableBytesView.contains(UInt8(ascii: "\n")) }
    }

    /// Whether, in the bytes that are being read, a version that the server speaks stands before an LF without a CR.
    var hasBareLineFeed: Bool {
        ["HTTP/1.1\n", "HTTP/1.0\n"].contains { !bytes.readableBytesView.ranges(of: $0.utf8).isEmpty }
    }
}
