package import Hummingbird

/// What a request carries through the middleware to its route.
package struct InventoryRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Subject of the token that came with the request; nil without one.
    package var subject: String?

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
    }
}
