import CSystemShims
import Foundation
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL
import NIOTLS

/// Follows a connection from its beginning to its end, and ends it when its client is too slow.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let connections: Connections
    /// Whether the connection is behind TLS.
    let isSecure: Bool
    private let logger: Logger
    private var connection: Connection?
    private var context: ChannelHandlerContext?
    private var progress: ConnectionProgress
    private lazy var bytes = ByteHandler(self)
    private lazy var text = TextHandler(self)

    /// How much the system keeps of what a client has not taken, in bytes (Linux doubles it). The system would take megabytes, of
    /// which it has only so many for all connections.
    private static let socketBuffer = 128 << 10

    init(_ connections: Connections, isSecure: Bool, logger: Logger) {
        self.connections = connections
        self.isSecure = isSecure
        progress = ConnectionProgress(isSecure: isSecure)
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let connection = Connection(context.channel, self)
        self.connection = connection
        do {
            let pipeline = context.pipeline.syncOperations
            try pipeline.addHandler(bytes, position: .first)
            try pipeline.addHandler(
                text,
                position: .before(pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self))
            )
            try pipeline.addHandler(
                MessageHandler(self, bytes, text, logger: logger),
                position: .before(pipeline.handler(type: HTTP1ToHTTPServerCodec.self))
            )
            try context.channel.syncOptions?.setOption(.socketOption(.so_sndbuf), value: .init(Self.socketBuffer))
        } catch {
            context.fireErrorCaught(error)
        }
        connections.add(connection)
        if case .unixDomainSocket = context.channel.localAddress { identifyUser(context, connection) }
    }

    /// Asks the system which user is at the other end of a Unix socket.
    private func identifyUser(_ context: ChannelHandlerContext, _ connection: Connection) {
        let user: EventLoopFuture<no_peer>? = (context.channel as? any SocketOptionProvider)?
            .unsafeGetSocketOption(level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        user?.whenSuccess { connection.identify(.user($0.user)) }
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
        switch event {
        case ChannelEvent.inputClosed: connection?.clientLeft(.silent)
        case TLSUserEvent.handshakeCompleted: endHandshake(context)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func endHandshake(_ context: ChannelHandlerContext) {
        progress.endHandshake()
        do {
            let handler = try context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
            if let name = try handler.peerCertificate?.clientName { connection?.identify(.certificate(name)) }
        } catch {
            logger.info(
                "a certificate cannot be read",
                metadata: ["address": "\(peer?.description ?? "")", "reason": "\(error)"]
            )
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Who only looks whether the port is open is no news.
        if case NIOSSLError.handshakeFailed(let reason) = error, reason != .sslError([.eofDuringHandshake]) {
            logger.info(
                "a handshake of TLS has failed",
                metadata: ["address": "\(peer?.description ?? "")", "reason": "\(reason.reason)"]
            )
        }
        context.fireErrorCaught(error)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            progress.receiveHead(waitsToBeAsked: head.headerFields[.expect] != nil)
            if !proxies.isEmpty, let connection,
                let word = proxies.forwarding(by: connection.peer, head.headerFields)
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
    var peer: Peer? { connection?.peer }

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
        if !isInHead { text.beginHead() }
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
