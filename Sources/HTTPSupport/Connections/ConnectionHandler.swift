import HTTPTypes
import Logging
import NIOCore
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Follows a connection from its beginning to its end, and ends it when its client is too slow.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let connections: Connections
    private let logger: Logger
    private var connection: Connection?
    private var context: ChannelHandlerContext?
    private var progress = ConnectionProgress()

    /// How much the system keeps of what a client has not taken, in bytes (Linux doubles it). The system would take megabytes, of
    /// which it has only so many for all connections.
    private static let socketBuffer = 128 << 10

    init(_ connections: Connections, logger: Logger) {
        self.connections = connections
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let connection = Connection(context.channel, self)
        self.connection = connection
        let bytes = ByteHandler(self)
        do {
            let pipeline = context.pipeline.syncOperations
            try pipeline.addHandler(bytes, position: .first)
            try pipeline.addHandler(
                MessageHandler(self, bytes, logger: logger),
                position: .before(pipeline.handler(type: HTTP1ToHTTPServerCodec.self))
            )
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
            if !proxies.isEmpty, let connection,
                let word = proxies.forwarding(by: connection.address, head.headerFields)
            {
                connections.count(connection, for: word.network)
            }
        case .end:
            if progress.receiveEnd() { context.close(promise: nil) }
            connection?.note(progress, at: .now())
        case .body: break
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            progress.endAnswer()
            connection?.note(progress, at: .now())
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        progress.setWritable(context.channel.isWritable, at: now)
        connection?.note(progress, at: now)
        context.fireChannelWritabilityChanged()
    }

    /// Whom the connection is to.
    var peer: HostAddress? { connection?.address }

    var proxies: TrustedProxies { connections.proxies }

    /// Whether the body of the request that is being answered is not complete.
    var hasRestOfBody: Bool { progress.hasRestOfBody }

    /// Waits for the client to close the connection, but not for long, when its last answer has been sent.
    func drain() {
        progress.drain(at: .now())
    }

    func beginReading() {
        progress.beginReading(at: .now())
    }

    /// Whether a head is being received.
    var isInHead: Bool { progress.isInHead }

    /// Takes note of bytes.
    func receive(_ count: Int) {
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
