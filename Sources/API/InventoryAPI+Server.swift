package import Hummingbird
package import HummingbirdCore
import NIOCore

extension InventoryAPI {
    /// Time without a byte from the client after which a connection is closed.
    private static let idleTimeout = TimeAmount.seconds(120)

    /// How connections are served.
    package static var server: HTTPServerBuilder {
        .http1(
            configuration: .init(additionalChannelHandlers: [ExpectContinueHandler()], idleTimeout: idleTimeout)
        )
    }
}
