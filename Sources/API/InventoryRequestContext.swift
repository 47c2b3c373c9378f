package import Hummingbird
import NIOCore

/// What a request carries through the middleware to its route.
package struct InventoryRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Subject of the token that came with the request; nil without one.
    package var subject: String?
    private let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Closes the connection, whatever is being written to it.
    func disconnect() {
        channel.close(promise: nil)
    }
}
