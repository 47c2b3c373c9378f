package import Hummingbird
package import HummingbirdCore
import NIOCore

extension InventoryAPI {
    /// How many connections an address accepts at once; further ones wait in the system's queue.
    private static let maximumConnections = 4096

    /// Time without a byte from the client after which a connection is closed.
    private static let idleTimeout = TimeAmount.seconds(120)

    /// What an address is served with.
    package static func configuration(_ address: BindAddress) -> ApplicationConfiguration {
        ApplicationConfiguration(
            address: address,
            availableConnectionsDelegate: MaximumAvailableConnections(maximumConnections)
        )
    }

    /// How connections are served.
    package static var server: HTTPServerBuilder {
        .http1(
            configuration: .init(additionalChannelHandlers: [ExpectContinueHandler()], idleTimeout: idleTimeout)
        )
    }
}
