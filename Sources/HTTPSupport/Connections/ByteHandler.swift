import NIOCore

/// Sees the bytes of a connection, before they are requests, and when the server waits for some.
final class ByteHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private unowned let handler: ConnectionHandler
    /// Whether the first line of the head that is being received was complete before the bytes that came last.
    private(set) var hasRequestLine = false

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
        context.fireChannelRead(data)
        // Most heads come at once, and are not looked through.
        if handler.isInHead, !hasRequestLine { hasRequestLine = bytes.readableBytesView.contains(UInt8(ascii: "\n")) }
    }
}
