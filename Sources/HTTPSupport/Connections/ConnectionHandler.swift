import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Follows a connection from its beginning to its end, and ends it when its client is too slow.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let connections: Connections
    private var connection: Connection?
    private var context: ChannelHandlerContext?
    private var progress = ConnectionProgress()

    /// How much the system keeps of what a client has not taken, in bytes (Linux doubles it). The system would take megabytes, of
    /// which it has only so many for all connections.
    private static let socketBuffer = 128 << 10

    init(_ connections: Connections) {
        self.connections = connections
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let connection = Connection(context.channel, self)
        self.connection = connection
        do {
            try context.pipeline.syncOperations.addHandler(ByteHandler(self), position: .first)
            try context.channel.syncOptions?.setOption(.socketOption(.so_sndbuf), value: .init(Self.socketBuffer))
        } catch {
            context.fireErrorCaught(error)
        }
        connections.add(connection)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        // Also of one that was closed before it was active, of which nothing else tells.
        if let connection { connections.remove(connection) }
        connection = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let connection {
            connections.remove(connection)
            connection.clientLeft(.gone)
        }
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { connection?.clientLeft(.silent) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            progress.receiveHead(waitsToBeAsked: head.headerFields[.expect] != nil)
        case .end:
            if progress.receiveEnd() { context.close(promise: nil) }
            connection?.note(progress, at: .now())
        case .body: break
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var data = data
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 400 && progress.refuseBody():
            // The rest of the body is not worth waiting for.
            head.headerFields[.connection] = "close"
            data = wrapOutboundOut(.head(head))
        case .end:
            let now = NIODeadline.now()
            progress.endAnswer(at: now)
            connection?.note(progress, at: now)
        case .head, .body: break
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        progress.setWritable(context.channel.isWritable, at: now)
        connection?.note(progress, at: now)
        context.fireChannelWritabilityChanged()
    }

    fileprivate func beginReading() {
        progress.beginReading(at: .now())
    }

    fileprivate func receive(_ count: Int) {
        let now = NIODeadline.now()
        progress.receive(count, at: now)
        connection?.note(progress, at: now)
    }

    /// Ends the connection if its client is too slow.
    func check() -> ConnectionProgress.Fault? {
        guard let context, let fault = progress.fault(at: .now()) else { return nil }
        context.close(promise: nil)
        return fault
    }

    /// Asks the client for the body that it has announced (RFC 9110, section 10.1.1).
    func askForBody() {
        guard let context else { return }
        progress.askForBody(at: .now())
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
    }
}

/// Sees the bytes of a connection, before they are requests, and when the server waits for some.
private final class ByteHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private unowned let handler: ConnectionHandler

    init(_ handler: ConnectionHandler) {
        self.handler = handler
    }

    func read(context: ChannelHandlerContext) {
        handler.beginReading()
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        handler.receive(unwrapInboundIn(data).readableBytes)
        context.fireChannelRead(data)
    }
}
