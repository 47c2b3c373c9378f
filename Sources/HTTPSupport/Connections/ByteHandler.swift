import NIOCore

/// Sees the bytes of a connection as they come, before TLS, and when the server waits for some.
final class ByteHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private unowned let handler: ConnectionHandler
    private var context: ChannelHandlerContext?

    init(_ handler: ConnectionHandler) {
        self.handler = handler
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func read(context: ChannelHandlerContext) {
        handler.beginReading()
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        handler.receive(unwrapInboundIn(data).readableBytes)
        context.fireChannelRead(data)
    }

    /// Closes the connection without the end of TLS.
    func close(_ promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.succeed()
            return
        }
        context.close(promise: promise)
    }
}
