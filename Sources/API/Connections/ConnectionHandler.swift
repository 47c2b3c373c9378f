import NIOCore
import NIOHTTPTypes

/// Knows a connection from its beginning to its end.
final class ConnectionHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let connections: Connections
    private var connection: Connection?

    init(_ connections: Connections) {
        self.connections = connections
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let connection = Connection(context.channel)
        self.connection = connection
        connections.add(connection)
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
}
