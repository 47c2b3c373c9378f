import GuardedFiles
import HummingbirdCore
import Logging
import NIOCore
import NIOSSL

/// Connections of HTTP/1.1 behind TLS, each secured with the certificate that is in force when it begins.
///
/// HTTP/2 is not offered: the limits of connections are those of one request after the other.
struct SecureChannel: ServerChildChannel {
    let base: HTTP1Channel
    let certificate: WatchedValue<NIOSSLContext>

    /// How much memory a connection keeps for what it has sent, in bytes.
    private static let keptBuffer = 64 << 10

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        channel.eventLoop.makeCompletedFuture {
            var configuration = NIOSSLHandler.Configuration()
            configuration.maximumPreservedOutboundBufferCapacity = Self.keptBuffer
            let handler = NIOSSLServerHandler(context: certificate.value, configuration: configuration)
            try channel.pipeline.syncOperations.addHandler(handler)
        }
        .flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}
