import NIOCore

/// Sees the text of a connection, behind TLS, before it is requests.
final class TextHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private unowned let handler: ConnectionHandler
    /// Whether the first line of the head that is being received was complete before the text that came last.
    private(set) var hasRequestLine = false
    /// The text that is being read.
    private var text = ByteBuffer()

    init(_ handler: ConnectionHandler) {
        self.handler = handler
    }

    /// A head begins with the text that comes next.
    func beginHead() {
        hasRequestLine = false
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let text = unwrapInboundIn(data)
        self.text = text
        context.fireChannelRead(data)
        self.text = ByteBuffer()
        // Most heads come at once, and are not looked through.
        if handler.isInHead, !hasRequestLine { hasRequestLine = text.readableBytesView.contains(UInt8(ascii: "\n")) }
    }

    /// Whether, in the text that is being read, a version that the server speaks stands before an LF without a CR.
    var hasBareLineFeed: Bool {
        ["HTTP/1.1\n", "HTTP/1.0\n"].contains { !text.readableBytesView.ranges(of: $0.utf8).isEmpty }
    }
}
